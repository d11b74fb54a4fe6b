"""Times scaffold as whole processes and prints ratios to other programs on the same files; run by `make bench`."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CORPUS = Path(os.environ.get("SCAFFOLD_CORPUS", ROOT.parent / "shared" / "corpus"))
TOOLS = Path(os.environ.get("SCAFFOLD_TOOLS", Path.home() / ".cache" / "scaffold-tools"))
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


def reading() -> None:
    """Print what reading takes for a megabyte of YAML and for a service, and the corpus against compose-go.

    The start of Python is not counted.
    """
    count = 2_000
    text = "".join(f"  s{number}: {{image: 'postgres:16', ports: ['{number}:80']}}\n" for number in range(count))
    text = f"services:\n{text}"
    code = "from tests.read.compose.reference import Case, Files, ours; from pathlib import Path; import json, sys, time\n"
    code += "cases = [Case(Path(r), tuple(f), d) for r, f, d in json.load(sys.stdin)]; start = time.perf_counter()\n"
    code += "for case in cases: ours(case)\nprint(time.perf_counter() - start)"
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "compose.yaml").write_text(text, encoding="utf-8")
        one = timed(code, [(scratch, ("compose.yaml",), "")])
    print("reading compose files")
    print(f"  a megabyte               {one / len(text) * 1e6:7.3f} s")
    print(f"  a service                {one / count * 1e3:7.3f} ms")
    program = TOOLS / "bin" / "compose-go-config"
    if CORPUS.is_dir() and program.exists():
        roots = [path for path in sorted(CORPUS.iterdir()) if path.is_dir()]
        sets = [(str(root), files, folder) for root in roots for files, folder in found_sets(root)]
        mine = timed(code, sets)
        theirs = reference_seconds(program, sets)
        print(f"  {len(sets)} sets of the corpus   {mine:7.3f} s   {mine / theirs:6.1f} times compose-go")


def timed(code: str, sets: Sequence[tuple[str, Sequence[str], str]]) -> float:
    """Return the seconds that a program prints when it is given the sets as JSON."""
    argv = [sys.executable, "-c", code]
    done = subprocess.run(argv, cwd=ROOT, input=json.dumps(sets), capture_output=True, text=True, check=True)
    return float(done.stdout)


def found_sets(root: Path) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every set of compose files of a tree, with its project directory."""
    sys.path.insert(0, str(ROOT))
    from tests.read.compose.reference import sets

    yield from sets(root)


def reference_seconds(program: Path, sets: Sequence[tuple[str, Sequence[str], str]]) -> float:
    """Return the seconds that compose-go takes for the same sets, in one run."""
    requests = [{"dir": f"{root}/{folder}", "files": [f"{root}/{file}" for file in files]} for root, files, folder in sets]
    text = "".join(json.dumps(request) + "\n" for request in requests)
    start = time.perf_counter()
    subprocess.run([str(program), "--batch"], input=text, capture_output=True, text=True, check=True)
    return time.perf_counter() - start


def main() -> None:
    """Bench the reading, the examples and, where the corpus is at hand, its project of median size."""
    reading()
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
