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

OTHERS = ("scaffold.plan", "scaffold.generate", "scaffold.validate", "importlib.metadata")
"""Rooms of other commands, and the reading of package metadata, which costs as much as a small project."""


PROGRAM = """
import atexit, sys
atexit.register(lambda: print(*sys.modules, sep="\\n", file=sys.stderr))
from scaffold.cli.main import main
main()
"""


@pytest.mark.parametrize("form", ["text", "json"])
def test_gaps_in_a_pipe_loads_only_what_it_needs(example: Callable[[str], Path], form: str) -> None:
    argv = [sys.executable, "-c", PROGRAM, "gaps", str(example("propertypro")), "--format", form]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr[-300:]
    loaded = set(done.stderr.splitlines())
    assert "scaffold.cli.gaps" in loaded
    assert "scaffold.gaps.compose.cmp001_depends_on_ignores_healthcheck" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in HEAVY}
    assert not loaded & set(OTHERS)
