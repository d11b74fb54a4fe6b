"""An image of production is never built from the stage for development, and who finds no other is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.target import Target
from scaffold.model.workload import literal_text
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

COMPOSE = """\
services:
  web:
    build: {context: ., target: dev}
    command: npm run dev
    ports: ["3000:3000"]
"""


def planned(make_project: Callable[..., Path], dockerfile: str, compose: str = COMPOSE) -> Target:
    return make_target(read_project(make_project({"compose.yaml": compose, "Dockerfile": dockerfile}, name="shop")), ())


@pytest.mark.parametrize(
    ("stages", "target"),
    [
        (("base", "dev", "final"), ""),
        (("base", "production", "dev"), "production"),
        (("base", "dev", ""), ""),
        (("builder", "dev", "runner", "test"), "runner"),
    ],
)
def test_the_stage_of_production_is_built_and_the_command_of_development_goes(
    make_project: Callable[..., Path], stages: tuple[str, ...], target: str
) -> None:
    dockerfile = "".join(f"FROM node:24{f' AS {name}' if name else ''}\nCMD [node, {name or 'last'}]\n" for name in stages)
    made = planned(make_project, dockerfile)
    assert [image.target for image in made.images] == [target]
    (web,) = made.workloads
    assert (web.command, web.args) == (None, None)
    (note,) = [item for item in made.notes if item.key == "build"]
    assert note.urgent
    assert "Compose builds the stage dev, which is for development" in note.message


def test_a_command_that_production_runs_too_stays(make_project: Callable[..., Path]) -> None:
    compose = COMPOSE.replace("npm run dev", "node server.js --port 3000")
    (web,) = planned(make_project, "FROM node:24 AS dev\nFROM node:24 AS final\n", compose).workloads
    assert [literal_text(word) for word in web.args or ()] == ["node", "server.js", "--port", "3000"]


def test_without_another_stage_the_note_asks_for_one(make_project: Callable[..., Path]) -> None:
    made = planned(make_project, "FROM node:24 AS base\nFROM base AS dev\n")
    assert [image.target for image in made.images] == ["dev"]
    assert "has no other: add one" in next(item.message for item in made.notes if item.key == "build")


def test_a_stage_of_production_is_left_alone(make_project: Callable[..., Path]) -> None:
    compose = COMPOSE.replace("target: dev", "target: runtime")
    made = planned(make_project, "FROM node:24 AS runtime\nFROM runtime AS dev\n", compose)
    assert [image.target for image in made.images] == ["runtime"]
    assert not [item for item in made.notes if item.key == "build"]
