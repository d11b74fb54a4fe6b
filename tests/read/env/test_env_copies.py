"""Env files that are templates by what people do with them, and those that a stack reads as they are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.env_templates import template_of
from scaffold.model.project import EnvFile, Project
from scaffold.read.project import read_project

_COMPOSE = """\
services:
  app:
    image: "${IMAGE}:${TAG}"
    environment: ["DB_PASSWORD=${DB_PASSWORD}", "MODE=${MODE:-live}"]
"""
_VALUES = "IMAGE=ghcr.io/acme/shop\nTAG=1\nDB_PASSWORD=\n"


@pytest.fixture
def read(make_project: Callable[..., Path]) -> Callable[..., Project]:
    return lambda **files: read_project(make_project({"compose.yaml": _COMPOSE, **files.get("files", {})}))


def file_at(project: Project, path: str) -> EnvFile:
    return next(file for file in project.env_files if file.path == path)


def test_a_page_has_people_copy_it(read: Callable[..., Project]) -> None:
    page = "# Shop\n\n```sh\ncp .env.docker .env\ndocker compose up -d\n```\n"
    project = read(files={".env.docker": "TAG=1\n", "README.md": page})
    assert (file_at(project, ".env.docker").kind, file_at(project, ".env.docker").copied_to) == ("template", ".env")
    assert template_of(project, ".env") == file_at(project, ".env.docker")


def test_the_copy_goes_where_the_command_says(read: Callable[..., Project]) -> None:
    page = "# Shop\n\n```sh\ncp deploy/.env.docker .env\n```\n"
    project = read(files={"deploy/.env.docker": "TAG=1\n", "README.md": page})
    assert file_at(project, "deploy/.env.docker").copied_to == ".env"


@pytest.mark.parametrize("head", ["# @dottie/source .env.docker\n", "# Copy this file to .env and fill it in.\n"])
def test_its_own_head_says_so(read: Callable[..., Project], head: str) -> None:
    assert file_at(read(files={".env.docker": f"#!/bin/bash\n{head}\nTAG=1\n"}), ".env.docker").kind == "template"


def test_it_lists_what_the_stack_asks_for(read: Callable[..., Project]) -> None:
    project = read(files={".env.docker": _VALUES})
    assert file_at(project, ".env.docker").kind == "template"


@pytest.mark.parametrize(
    ("name", "values", "beside"),
    [
        (".env.docker", "TAG=1\nDB_PASSWORD=\n", {}),  # too few of what the stack asks for
        (".env.docker", _VALUES, {".env.example": _VALUES}),  # another file is the template
        (".env.docker", _VALUES.replace("PASSWORD=", "PASSWORD=q8Jx2vT7nLw4Zb9KdR3m"), {}),  # a secret that somebody drew
        (".env.test", _VALUES, {"README.md": "# Shop\n\n```sh\ncp .env.test .env\n```\n"}),
        (".env", _VALUES, {}),
    ],
)
def test_others_stay_real(read: Callable[..., Project], name: str, values: str, beside: dict[str, str]) -> None:
    assert file_at(read(files={name: values, **beside}), name).kind == "real"


def test_what_a_stack_reads_as_it_is_stays_real(make_project: Callable[..., Path]) -> None:
    compose = f"{_COMPOSE}    env_file: [.env.docker]\n"
    files = {"compose.yaml": compose, ".env.docker": _VALUES, "README.md": "# Shop\n\n```sh\ncp .env.docker .env\n```\n"}
    assert file_at(read_project(make_project(files)), ".env.docker").kind == "real"
