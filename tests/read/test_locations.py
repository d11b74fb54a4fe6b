"""Every location that a report of a real project gives lies inside its file, at the key or value that it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.model.document import Location, Mapping, find
from scaffold.model.project import Project
from tests.projects import corpus_projects


def named_places(project: Project, location: Location) -> Iterator[tuple[int, int]]:
    """Line and column of the key and of the value at a location's route, in each document of its file."""
    for document in project.documents:
        if document.path == location.path and document.root is not None:
            node = find(document.root, *location.route)
            above = find(document.root, *location.route[:-1])
            if node is not None:
                yield node.location.line, node.location.column
            for entry in above.entries if isinstance(above, Mapping) else ():
                if entry.key.value == str(location.route[-1]):
                    yield entry.key.location.line, entry.key.location.column


def faults(root: Path, project: Project, location: Location) -> Iterator[str]:
    """What is wrong with a location; one of what is missing stands on the first line."""
    file = root / location.path
    if not file.is_file():
        if location.line != 1:
            yield "a line of a file that does not exist"
        return
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    if not 1 <= location.line <= len(lines):
        yield f"only {len(lines)} lines"
    elif not 1 <= location.column <= len(lines[location.line - 1]) + 1:
        yield f"only {len(lines[location.line - 1])} columns"
    elif location.route and (location.line, location.column) not in (places := set(named_places(project, location))):
        yield f"{location.route} stands at {sorted(places)}"


@pytest.mark.parametrize("name", [name for name in corpus_projects() if "/" not in name] or ["none"])
def test_every_location_points_at_what_it_names(name: str, corpus: Path) -> None:
    root = corpus / name
    examination = examine(Place(root))
    places = {item.location for judged in examination.judgement.gaps for item in judged.gap.evidence}
    places |= {problem.location for problem in examination.project.problems}
    found = [(place, fault) for place in places for fault in faults(root, examination.project, place)]
    assert found == []
    assert places
