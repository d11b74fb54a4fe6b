"""LOG001 to LOG003: text logging becomes JSON where it is set up, and what went to files only goes to the output as well."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project, SourceFile
from scaffold.model.python_logging import joins_celery
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    follow = tuple(gap for gap in gaps if gap.code != "LOG001")
    for gap in (gap for gap in gaps if gap.code == "LOG001"):
        lines: dict[str, list[int]] = {}
        for item in gap.evidence:
            lines.setdefault(item.location.path, []).append(item.location.line)
        sources = tuple(SourceFile(path, project.source(path) or "") for path in sorted(lines))
        decided = tuple((path, _decision(project, path, lines[path])) for path in sorted(lines))
        # What follows from the new format closes with the first of the services.
        yield EditTask("json-logging", (gap, *follow), sources=sources, decided=decided)
        follow = ()


def _decision(project: Project, path: str, lines: list[int]) -> str:
    celery = ["celery"] if joins_celery(project, path) else []
    return " ".join([*celery, *map(str, sorted(set(lines)))])


KIND = EditKind(frozenset({"LOG001", "LOG002", "LOG003"}), _plan)
