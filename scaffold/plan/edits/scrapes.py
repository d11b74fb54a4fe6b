"""MET003 and MET005: Prometheus asks the service that answers, and the exporters that run beside it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.plan.edits.kind import EditKind

_ADDRESS = regex(r"(?:a scrape job for )?([\w.-]+:\d+)")


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    added: dict[str, list[tuple[Gap, str]]] = {}
    for gap in gaps:
        match = _ADDRESS.fullmatch(gap.expected)
        if match and gap.subject == "exporter":
            config = next((item.location.path for item in gap.evidence if item.role == "related"), "")
            added.setdefault(config, []).append((gap, match[1]))
        elif match:
            yield from _renamed(project, gap, match[1])
    for path, found in added.items():
        document = project.document(path)
        if document is not None:
            decided = tuple((gap.resource.rpartition("/")[2], address) for gap, address in found)
            yield EditTask("scrape-jobs", tuple(gap for gap, _ in found), (document,), decided=decided)


def _renamed(project: Project, gap: Gap, address: str) -> Iterator[EditTask]:
    document = project.document(gap.primary.path)
    places = [item.location for item in gap.evidence if item.location.path == gap.primary.path]
    if document is not None:
        decided = tuple((f"{place.line}:{place.column}", address) for place in places)
        yield EditTask("scrape-targets", (gap,), (document,), decided=decided)


KIND = EditKind(frozenset({"MET003", "MET005"}), _plan)
