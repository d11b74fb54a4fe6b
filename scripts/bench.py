"""Times scaffold as whole processes and prints ratios to other programs on the same files; run by `make bench`."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CORPUS = Path(os.environ.get("SCAFFOLD_CORPUS", ROOT.parent / "shared" / "corpus"))
RUNS = 5


def seconds(argv: Sequence[str], cwd: Path, runs: int = RUNS) -> float:
    """Return the median wall time of a command, in seconds, after one run that warms the caches."""
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(argv, cwd=cwd, capture_output=True, check=False)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def import_seconds(cwd: Path) -> float:
    """Return the time of starting Python and importing what `gaps` imports, without reading anything."""
    code = "import scaffold.cli.main; from scaffold.gaps.catalogue import all_rules; all_rules()"
    return seconds([sys.executable, "-c", code], cwd)


def median_project(scratch: Path) -> Path:
    """Return a git copy of the corpus project of median size (bytes of its files)."""

    def size(folder: Path) -> int:
        return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

    projects = sorted((path for path in CORPUS.iterdir() if path.is_dir() and "awesome" not in path.name), key=size)
    chosen = projects[len(projects) // 2]
    target = scratch / chosen.name
    shutil.copytree(chosen, target)
    for arguments in (["init", "-q"], ["add", "-A", "-f"]):
        subprocess.run(["git", *arguments], cwd=target, check=True)
    return target


def bench(project: Path) -> None:
    """Print one block of figures for a project."""
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "scaffold")], check=False)
    ours = seconds([sys.executable, "-m", "scaffold", "gaps", "--format", "json"], project)
    imports = import_seconds(project)
    print(f"{project.name}")
    print(f"  scaffold gaps            {ours:7.3f} s   (start and imports {imports / ours:.0%})")
    others = {
        "checkov": [str(BIN / "checkov"), "-d", ".", "--compact", "--quiet", "--skip-download"],
        "zizmor": [str(BIN / "zizmor"), "--offline", "."],
    }
    for name, argv in others.items():
        if Path(argv[0]).exists():
            theirs = seconds(argv, project, runs=2)
            print(f"  {name:24} {theirs:7.3f} s   {theirs / ours:6.1f} times scaffold")


def main() -> None:
    """Bench the examples and, where the corpus is at hand, its project of median size."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("friday", "propertypro"):
            target = Path(scratch) / name
            shutil.copytree(ROOT / "examples" / name, target)
            subprocess.run(["git", "init", "-q"], cwd=target, check=True)
            bench(target)
        if CORPUS.is_dir():
            bench(median_project(Path(scratch)))


if __name__ == "__main__":
    main()
