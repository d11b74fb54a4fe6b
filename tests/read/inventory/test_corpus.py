"""Real projects: each is read without an exception, and every place that is told lies inside its file."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from scaffold.errors import NothingToReadError
from scaffold.model.document import Location
from scaffold.read.project import read_project

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def places(value: object, seen: set[int]) -> Iterator[Location]:
    """Yield every location in a value, each object once."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Location):
            yield item
        elif isinstance(item, tuple | frozenset):
            pending += item
        elif dataclasses.is_dataclass(item) and id(item) not in seen:
            seen.add(id(item))
            pending += [getattr(item, field.name) for field in dataclasses.fields(item)]


def outside(root: Path, project: object) -> list[Location]:
    """Return the locations whose line or column their file does not have."""
    lines: dict[str, list[str]] = {}
    wrong = []
    for place in places(project, set()):
        if place.path not in lines:
            lines[place.path] = (root / place.path).read_text(encoding="utf-8", errors="replace").split("\n")
        known = lines[place.path]
        if not (1 <= place.line <= len(known) and 1 <= place.column <= len(known[place.line - 1]) + 2):
            wrong.append(place)
    return wrong


def test_real_projects(corpus: Path) -> None:
    read = 0
    for root in sorted(path for path in corpus.iterdir() if path.is_dir()):
        try:
            project = read_project(root)
        except NothingToReadError:
            continue
        read += 1
        assert outside(root, project) == [], root.name
        assert project.stacks or project.workflows
        assert list(project.files) == sorted(project.files)
    assert read >= 30


@pytest.mark.parametrize("name", sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir()))
def test_the_examples(name: str) -> None:
    root = EXAMPLES / name
    project = read_project(root)
    assert outside(root, project) == []
    assert project.problems == ()
