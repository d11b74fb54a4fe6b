"""Golden cases: `tests/cases/<behaviour>/case.toml` names a command, `input/` or an example, and `expected/` what comes out.

`make golden` writes `expected/` anew; the diff is then read before it is committed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, commit_all

CASES = Path(__file__).parent / "cases"


def files_of(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


@pytest.mark.parametrize("name", sorted(path.parent.name for path in CASES.glob("*/case.toml")))
def test_case(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = CASES / name
    case = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    project = tmp_path / "app"
    shutil.copytree(ROOT / "examples" / case["example"] if "example" in case else folder / "input", project)
    commit_all(project)
    before = files_of(project)
    done = subprocess.run(
        [sys.executable, "-m", "scaffold", *case["arguments"]],
        cwd=project,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == case["exit"], done.stderr
    changed = {path: text for path, text in files_of(project).items() if before.get(path) != text}
    found = {"stdout.txt": done.stdout, "stderr.txt": done.stderr, **{f"tree/{path}": text for path, text in changed.items()}}
    expected = folder / "expected"
    if request.config.getoption("--update-golden"):
        assert "CI" not in os.environ, "golden files are not written in CI"
        shutil.rmtree(expected, ignore_errors=True)
        for path, text in found.items():
            target = expected / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    assert found == files_of(expected)
