"""Pages that start a stack without an env file are found in time that grows with their length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time

from scaffold.plan.bare_starts import bare_start
from scaffold.read.project import read_project

COMPOSE = {"compose.yaml": "services: {web: {build: ., ports: ['80:80']}}\n"}
LIST = "ls -l\n"
START = "docker compose up -d\n"


def test_a_page_of_many_starts_behind_many_commands_takes_no_time(make_project: Callable[..., Path]) -> None:
    page = f"```sh\n{LIST * 3_000}cp env.example .env\n{START * 3_000}```\n"
    project = read_project(make_project({**COMPOSE, "README.md": page}))
    start = process_time()
    assert bare_start(project, ("compose.yaml",), ("A",)) is None
    assert process_time() - start < 5


def test_a_start_above_what_sets_the_variable_is_bare(make_project: Callable[..., Path]) -> None:
    page = "```sh\n{}{}```\n"
    for lines, line in ((("A=1 ls\n", START), None), ((START, "A=1 ls\n"), 2)):
        project = read_project(make_project({**COMPOSE, "README.md": page.format(*lines)}, name=f"p{line}"))
        place = bare_start(project, ("compose.yaml",), ("A",))
        assert (place.line if place else None) == line
