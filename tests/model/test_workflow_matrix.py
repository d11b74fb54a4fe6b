"""What the expressions of a matrix stand for, in the legs that GitHub makes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.model.project import Job
from scaffold.model.workflow_matrix import legs
from scaffold.read.project import read_project

Make = Callable[..., Path]


def job(make_project: Make, matrix: str) -> Job:
    text = f"on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    strategy: {{matrix: {matrix}}}\n    steps: [{{run: make}}]\n"
    return read_project(make_project({".github/workflows/ci.yml": text})).workflows[0].jobs[0]


def test_each_leg_fills_all_texts(make_project: Make) -> None:
    """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax: every combination of the lists."""
    found = legs(
        job(make_project, "{app: [api, web], arch: [amd64]}"), "${{ matrix.app }}/${{matrix.arch}}", "a\0${{ matrix.app }}"
    )
    assert found == [("api/amd64", "a\0api"), ("web/amd64", "a\0web")]


def test_what_is_included_is_a_leg_and_what_is_not_known_none(make_project: Make) -> None:
    include = job(make_project, "{include: [{app: api, file: a/Dockerfile}, {app: web}]}")
    assert legs(include, "${{ matrix.app }}", "${{ matrix.file }}") == [("api", "a/Dockerfile")]
    assert legs(include, "nothing of it") == [("nothing of it",)]


def test_lists_that_multiply_are_not_written_out(make_project: Make) -> None:
    """Sixty to the power of eight combinations, of which GitHub itself runs no more than 256."""
    values = ", ".join(str(number) for number in range(60))
    names = "abcdefgh"
    many = job(make_project, "{" + ", ".join(f"{name}: [{values}]" for name in names) + "}")
    assert len(legs(many, "".join(f"${{{{ matrix.{name} }}}}" for name in names))) == 64
