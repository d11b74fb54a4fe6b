"""Role recognition against a table made by hand from the compose files of real projects."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from scaffold.model.compose import Service
from scaffold.model.names import DATASTORES, Role
from scaffold.model.project import Project
from scaffold.read.project import read_project

TABLE = Path(__file__).with_name("roles.tsv")
LEAST_RIGHT = 0.97
NO_ROLE = "-"


@dataclass(frozen=True)
class Row:
    """One line: a service in one compose file; several roles where the file leaves the choice, the likeliest first."""

    project: str
    file: str
    service: str
    roles: tuple[str, ...]


def table() -> tuple[Row, ...]:
    with TABLE.open(encoding="utf-8", newline="") as text:
        return tuple(
            Row(line["project"], line["file"], line["service"], tuple(line["role"].split("|")))
            for line in csv.DictReader(text, delimiter="\t")
        )


ROWS = table()
STORES = frozenset(role.value for role in DATASTORES)


def services(project: Project, row: Row) -> Iterator[Service]:
    """Yield the service as each set has it that the file belongs to, the smallest set first."""
    for stack in sorted(project.stacks, key=lambda stack: (len(stack.files), stack.files)):
        for service in stack.services:
            if service.name == row.service and (row.file in stack.files or service.location.path == row.file):
                yield service


@pytest.fixture(scope="module")
def found(corpus: Path) -> dict[Row, str]:
    """Return what each row's service was recognised as, once for all tests."""
    projects = {name: read_project(corpus / name) for name in sorted({row.project for row in ROWS})}
    roles = {row: next((service.role for service in services(projects[row.project], row)), "in no stack") for row in ROWS}
    return {row: role or NO_ROLE for row, role in roles.items()}


def test_the_table_is_large_varied_and_uses_the_closed_set() -> None:
    assert len(ROWS) >= 250
    assert len(set(ROWS)) == len(ROWS)
    assert len({row.project for row in ROWS}) >= 30
    assert {role for row in ROWS for role in row.roles} <= {*Role, NO_ROLE}
    assert sum(len(row.roles) > 1 for row in ROWS) / len(ROWS) < 0.15


def test_nearly_every_service_is_recognised(found: dict[Row, str]) -> None:
    wrong = [(row, role) for row, role in found.items() if role not in row.roles]

    assert len(wrong) <= (1 - LEAST_RIGHT) * len(ROWS), wrong


def test_no_store_is_missed_and_nothing_else_is_taken_for_one(found: dict[Row, str]) -> None:
    wrong = [(row, role) for row, role in found.items() if role not in row.roles]

    assert [(row, role) for row, role in wrong if {role, *row.roles} & STORES] == []
