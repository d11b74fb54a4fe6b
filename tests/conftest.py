"""What every test shares: the examples, the corpus, the real programs, and projects made from a dictionary of texts."""

from __future__ import annotations

import os
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(os.environ.get("SCAFFOLD_TOOLS", Path.home() / ".cache" / "scaffold-tools"))
REQUIRED = frozenset(filter(None, os.environ.get("SCAFFOLD_REQUIRE", "").split(",")))


def _missing(kind: str, what: str) -> None:
    """Skip, or fail where SCAFFOLD_REQUIRE names this kind of thing."""
    message = f"{what} is not here; `make tools` gets it" if kind == "tools" else f"{what} is not here"
    if kind in REQUIRED:
        pytest.fail(message)
    pytest.skip(message)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes golden files; CI never gives it."""
    parser.addoption("--update-golden", action="store_true", help="write the expected files of tests/cases anew")


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], str]:
    """Return the path of a real program, from the tools folder, the environment's own folder or PATH."""

    def find(name: str) -> str:
        postgres = [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))]
        folders = [str(TOOLS / "bin"), str(ROOT / ".venv" / "bin"), *postgres, os.environ.get("PATH", "")]
        search = os.pathsep.join(folders)
        found = shutil.which(name, path=search)
        if found is None:
            _missing("tools", name)
        return str(found)

    return find


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real projects' files."""
    folder = Path(os.environ.get("SCAFFOLD_CORPUS", ROOT.parent / "shared" / "corpus")).resolve()
    if not folder.is_dir():
        _missing("corpus", "the corpus of real projects")
    return folder


@pytest.fixture
def make_project(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a dictionary of path and text as a project, tracked by git unless `git=False`."""

    def make(files: Mapping[str, str], *, git: bool = True, name: str = "app") -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        for path, text in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text), encoding="utf-8", newline="")
        if git:
            commit_all(root)
        return root

    return make


@pytest.fixture
def example(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that copies an example into a git repository of its own."""

    def copy(name: str) -> Path:
        target = tmp_path / name
        shutil.copytree(ROOT / "examples" / name, target)
        commit_all(target)
        return target

    return copy


def commit_all(root: Path) -> None:
    """Make `root` a git repository with everything committed."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "-A", "-f"], [*identity, "commit", "-qm", "start", "--allow-empty"]):
        subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, env=_git_environment())


def _git_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**kept, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
