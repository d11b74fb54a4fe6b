"""Stack assembly and environment classes against a table made by hand for every compose file of real projects.

The table has two judgements: by the compose files alone, which is what the corpus has (`-` stands where a file is not in it),
and with everything that the repositories hold (Makefiles, workflows, guides). The second one is tested where
SCAFFOLD_REPOSITORIES names a folder with the repositories of the corpus's REPOS.txt, each as <owner>__<name> at its commit.
"""

from __future__ import annotations

import csv
import os
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


BY_FILES_ALONE = tuple(row for row in rows("_by_files_alone") if row.kind != "-")
WHOLE = rows("")
REPOSITORIES = os.environ.get("SCAFFOLD_REPOSITORIES", "")


@dataclass(frozen=True)
class Judgement:
    """Rows of the table, and the projects that they judge as the reader sees them."""

    rows: tuple[Row, ...]
    projects: dict[str, Project]

    def found(self, row: Row) -> Row:
        return judged(self.projects[row.project], row)


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


@pytest.fixture(scope="module", params=["by files alone", *(["whole"] if REPOSITORIES else [])])
def judgement(request: pytest.FixtureRequest, corpus: Path) -> Judgement:
    folder, listed = (Path(REPOSITORIES), WHOLE) if request.param == "whole" else (corpus, BY_FILES_ALONE)
    return Judgement(listed, {name: read_project(folder / name) for name in sorted({row.project for row in listed})})


def test_the_table_has_every_compose_file(judgement: Judgement) -> None:
    read = {(name, file.path) for name, project in judgement.projects.items() for file in project.compose_files}

    assert read == {(row.project, row.file) for row in judgement.rows}


def test_the_table_speaks_the_words_of_the_design() -> None:
    both = WHOLE + BY_FILES_ALONE

    assert {row.kind for row in both} == KINDS
    assert {one.rpartition(":")[2] for row in both for one in row.sets} <= {*EnvironmentClass}
    assert all(row.file in one.rpartition(":")[0].split("+") for row in both for one in row.sets)


def test_nearly_every_file_is_placed_and_classed_rightly(judgement: Judgement) -> None:
    wrong = [(row, found) for row in judgement.rows if (found := judgement.found(row)) != row]

    assert len(wrong) <= (1 - LEAST_RIGHT) * len(judgement.rows), wrong


def test_no_production_set_is_missed_and_no_other_is_taken_for_one(judgement: Judgement) -> None:
    expected = {(row.project, one) for row in judgement.rows for one in row.sets if one.endswith(":production")}
    found = {
        (name, f"{'+'.join(stack.files)}:production")
        for name, project in judgement.projects.items()
        for stack in project.stacks
        if stack.environment is EnvironmentClass.PRODUCTION
    }

    assert found == expected
