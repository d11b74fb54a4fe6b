"""Stack assembly and environment classes against a table made by hand for every compose file of real projects.

The table has two judgements: with everything that the repositories hold (Makefiles, workflows, guides), and by the compose
files alone, which is what the corpus has. The second one is tested here; `-` stands where a file is not in the corpus.
"""

from __future__ import annotations

import csv
import posixpath
from dataclasses import dataclass
from pathlib import Path

import pytest

from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.read.project import read_project
from scaffold.read.sets import BASE_NAMES

TABLE = Path(__file__).with_name("stacks.tsv")
LEAST_RIGHT = 0.95
KINDS = frozenset({"base", "overlay", "standalone", "fragment"})


@dataclass(frozen=True)
class Row:
    """One compose file: what it is, and every set that it belongs to as `file+file:class`."""

    project: str
    file: str
    kind: str
    sets: tuple[str, ...]


def rows(suffix: str) -> tuple[Row, ...]:
    with TABLE.open(encoding="utf-8", newline="") as text:
        return tuple(
            Row(line["project"], line["file"], line[f"kind{suffix}"], tuple(sorted(line[f"sets{suffix}"].split())))
            for line in csv.DictReader(text, delimiter="\t")
        )


ROWS = tuple(row for row in rows("_by_files_alone") if row.kind != "-")


def judged(project: Project, row: Row) -> Row:
    """Return the row as the reader sees it."""
    file = next((file for file in project.compose_files if file.path == row.file), None)
    stacks = [stack for stack in project.stacks if row.file in stack.files]
    alone = any(stack.files == (row.file,) for stack in stacks)
    if file is None:
        kind = "not read"
    elif alone and posixpath.basename(row.file) in BASE_NAMES:
        kind = "base"
    elif not alone and any(row.file in stack.files[1:] for stack in stacks):
        kind = "overlay"
    else:
        kind = "fragment" if file.is_fragment or not stacks else "standalone"
    sets = tuple(sorted(f"{'+'.join(stack.files)}:{stack.environment.value}" for stack in stacks))
    return Row(row.project, row.file, kind, sets)


@pytest.fixture(scope="module")
def projects(corpus: Path) -> dict[str, Project]:
    return {name: read_project(corpus / name) for name in sorted({row.project for row in ROWS})}


def test_the_table_has_every_compose_file_of_the_corpus(projects: dict[str, Project]) -> None:
    read = {(name, file.path) for name, project in projects.items() for file in project.compose_files}

    assert read == {(row.project, row.file) for row in ROWS}


def test_the_table_speaks_the_words_of_the_design() -> None:
    both = rows("") + ROWS

    assert {row.kind for row in both} == KINDS
    assert {one.rpartition(":")[2] for row in both for one in row.sets} <= {*EnvironmentClass}
    assert all(row.file in one.rpartition(":")[0].split("+") for row in both for one in row.sets)


def test_nearly_every_file_is_placed_and_classed_rightly(projects: dict[str, Project]) -> None:
    wrong = [(row, found) for row in ROWS if (found := judged(projects[row.project], row)) != row]

    assert len(wrong) <= (1 - LEAST_RIGHT) * len(ROWS), wrong


def test_no_production_set_is_missed_and_no_other_is_taken_for_one(projects: dict[str, Project]) -> None:
    expected = {(row.project, one) for row in ROWS for one in row.sets if one.endswith(":production")}
    found = {
        (name, f"{'+'.join(stack.files)}:production")
        for name, project in projects.items()
        for stack in project.stacks
        if stack.environment is EnvironmentClass.PRODUCTION
    }

    assert found == expected
