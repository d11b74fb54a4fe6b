"""What `gaps` loads: start-up stays light."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT

HEAVY = ("cdktn", "jsii", "checkov", "cookiecutter", "jinja2", "jsonschema", "rich")
"""Libraries that one command or a terminal needs, and `gaps` in a pipe never."""

OTHERS = (
    "scaffold.plan.target",
    "scaffold.generate.terraform",
    "scaffold.generate.helm",
    "scaffold.validate",
    "importlib.metadata",
)
"""Rooms of other commands, and the reading of package metadata, which costs as much as a small project."""

EDITS = ("scaffold.plan", "scaffold.generate")
"""What tells whether an edit can be made: not needed where no gap has one."""


PROGRAM = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
from scaffold.cli.main import main
main()
"""


def loaded_by_gaps(root: Path, form: str, code: int) -> set[str]:
    argv = [sys.executable, "-c", PROGRAM, "gaps", str(root), "--format", form]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr[-300:]
    return set(done.stderr.splitlines())


@pytest.mark.parametrize("form", ["text", "json"])
def test_gaps_in_a_pipe_loads_only_what_it_needs(example: Callable[[str], Path], form: str) -> None:
    loaded = loaded_by_gaps(example("propertypro"), form, 1)
    assert "scaffold.cli.gaps" in loaded
    assert "scaffold.gaps.compose.cmp001_depends_on_ignores_healthcheck" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in HEAVY}
    assert not loaded & set(OTHERS)


def test_where_nothing_can_be_edited_no_edit_is_planned(make_project: Callable[..., Path]) -> None:
    root = make_project(
        {"compose.yaml": "services:\n  web:\n    image: ghcr.io/acme/web:1.4.2\n    ports: ['127.0.0.1:80:80']\n"}
    )
    assert not loaded_by_gaps(root, "json", 0) & {*OTHERS, *EDITS}
