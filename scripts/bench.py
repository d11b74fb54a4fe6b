"""Times scaffold as whole processes and prints ratios to other programs on the same files; run by `make bench`."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
CORPUS = Path(os.environ.get("SCAFFOLD_CORPUS", ROOT.parent / "shared" / "corpus"))
TOOLS = Path(os.environ.get("SCAFFOLD_TOOLS", Path.home() / ".cache" / "scaffold-tools"))
LINTERS = ROOT / "build" / "bench" / "node_modules" / ".bin"
"""Where `make bench` puts dclint."""
RUNS = 5

sys.path.insert(0, str(ROOT))
from terraform import main as terraform_app  # noqa: E402 - the app stands in the checkout, not in the environment


def once(argv: Sequence[str], cwd: Path, stdin: str = "", env: Mapping[str, str] = os.environ) -> float:
    """Return the wall time of one run of a command, in seconds."""
    start = time.perf_counter()
    subprocess.run(argv, cwd=cwd, input=stdin, env=env, text=True, capture_output=True, check=False)
    return time.perf_counter() - start


def times(
    argv: Sequence[str], cwd: Path, runs: int = RUNS, stdin: str = "", env: Mapping[str, str] = os.environ
) -> list[float]:
    """Return the wall times of a command, in seconds, fastest first, after one run that warms the caches."""
    return sorted([once(argv, cwd, stdin, env) for _ in range(runs + 1)][1:])


def import_seconds(cwd: Path) -> float:
    """Return the time of starting Python and importing what `gaps` imports, without reading anything."""
    code = "import scaffold.cli.commands, scaffold.cli.gaps; from scaffold.gaps.catalogue import all_rules; all_rules()"
    return statistics.median(times([sys.executable, "-c", code], cwd))


def linters(project: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the other programs that judge such files, as far as they are here; hadolint needs a Dockerfile."""
    dockerfiles = [str(path.relative_to(project)) for path in sorted(project.rglob("*Dockerfile*")) if path.is_file()]
    wanted = {
        "checkov": ["-d", ".", "--compact", "--quiet", "--skip-download"],
        "zizmor": ["--offline", "."],
        "hadolint": dockerfiles,
        "dclint": ["-r", "."],
    }
    for name, arguments in wanted.items():
        path = shutil.which(name, path=os.pathsep.join((str(BIN), str(LINTERS), os.environ.get("PATH", ""))))
        if path is None:
            print(f"  {name:24} is not here")
        elif arguments:
            yield name, [path, *arguments]


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
    """Print one block of figures for a project: medians, and the fastest run of ours."""
    ours = times([sys.executable, "-m", "scaffold", "gaps", "--format", "json"], project)
    median = statistics.median(ours)
    imports = import_seconds(project)
    print(f"{project.name}")
    print(f"  scaffold gaps            {median:7.3f} s   (fastest {ours[0]:.3f} s; start and imports {imports / median:.0%})")
    together = 0.0
    for name, argv in linters(project):
        theirs = statistics.median(times(argv, project, runs=2))
        together += theirs
        print(f"  {name:24} {theirs:7.3f} s   {theirs / median:6.1f} times scaffold")
    print(f"  these together           {together:7.3f} s   {together / median:6.1f} times scaffold")


def generating(project: Path) -> None:
    """Print what `generate` takes against a bare cdktn program with as many resources, and with validation against checkov."""
    out = project.parent / f"{project.name}-out"
    command = [sys.executable, "-m", "scaffold", "generate", "--yes", "--out", str(out)]
    alone = statistics.median(fresh_times([*command, "--no-validate"], project, out))
    stdin = json.dumps(list(resources(out)))
    program = str(ROOT / "scripts" / "bare_cdktn.py")
    bare = statistics.median(times([sys.executable, program], project, stdin=stdin, env=same_node()))
    print(f"generating for {project.name}")
    print(f"  without validation       {alone:7.3f} s   {alone / bare:6.1f} times a bare cdktn program")
    validated = statistics.median(fresh_times(command, project, out, runs=1))
    checkov = [str(BIN / "checkov"), "-d", str(out), "--compact", "--quiet", "--skip-download"]
    if Path(checkov[0]).exists():
        theirs = statistics.median(times(checkov, project, runs=1))
        print(f"  with validation          {validated:7.3f} s   {validated / theirs:6.1f} times checkov on the same files")


def fresh_times(argv: Sequence[str], cwd: Path, out: Path, runs: int = RUNS) -> list[float]:
    """Return the wall times of a command that finds nothing at `out` each time; what the last one wrote stays."""
    found = []
    for _ in range(runs + 1):
        shutil.rmtree(out, ignore_errors=True)
        found.append(once(argv, cwd))
    return sorted(found[1:])


def resources(folder: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield the type, the name and the argument names of every resource of a tree."""
    for path in sorted(folder.rglob("*.tf")):
        for found in re.finditer(r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', path.read_text(encoding="utf-8"), re.M | re.S):
            yield found[1], found[2], sorted(set(re.findall(r"^  (\w+) (?:=|\{)", found[3], re.M)))


def same_node() -> Mapping[str, str]:
    """Return an environment in which jsii runs the Node that ours runs."""
    terraform_app.use_bundled_node()
    return dict(os.environ)


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
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "scaffold"), str(ROOT / "terraform")], check=False)
    reading()
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("friday", "propertypro"):
            target = Path(scratch) / name
            shutil.copytree(ROOT / "examples" / name, target)
            subprocess.run(["git", "init", "-q"], cwd=target, check=True)
            bench(target)
            generating(target)
        if CORPUS.is_dir():
            bench(median_project(Path(scratch)))


if __name__ == "__main__":
    main()
