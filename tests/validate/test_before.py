"""After an edit of the user's file, only what the edit brought counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from scaffold.model.finding import ToolRun
from scaffold.validate.request import ValidationRequest
from scaffold.validate.runner import validate

WORKFLOW = ".github/workflows/test.yml"
UNPINNED = "on:\n  push:\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - uses: actions/checkout@v4\n"


def judge(folder: Path, path: str, before: str, after: str) -> dict[str, ToolRun]:
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(after)
    runs = validate(ValidationRequest(folder, (path,), before={path: before}))
    assert target.read_text() == after
    return {run.tool: run for run in runs}


def test_what_stood_there_before_is_counted_apart(tmp_path, require_tool):
    require_tool("zizmor")
    runs = judge(tmp_path, WORKFLOW, UNPINNED, f"# a new first line\n{UNPINNED}")
    assert (runs["zizmor"].state, runs["zizmor"].findings) == ("passed", ())
    assert "stood in your file before the edit" in runs["zizmor"].reason


def test_what_the_edit_brought_counts(tmp_path, require_tool):
    require_tool("actionlint")
    runs = judge(tmp_path, WORKFLOW, UNPINNED, UNPINNED.replace("runs-on", "run-on"))
    assert runs["actionlint"].state == "failed"
    assert any("run-on" in finding.message for finding in runs["actionlint"].findings)


@pytest.mark.parametrize(("after", "lines"), [("a: 1\na: 2\nb: 1\n", []), ("a: 1\na: 2\na: 3\n", [3])])
def test_the_same_flaw_once_more_counts_once(tmp_path, after, lines):
    runs = judge(tmp_path, "monitoring/x.yml", "a: 1\na: 2\n", after)
    assert [finding.line for finding in runs["yaml"].findings] == lines
