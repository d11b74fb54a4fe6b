"""CMP019: lists that an override empties in vain reset those of the base."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind, by_document


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, _, group in by_document(project, gaps):
        for gap in group:
            decided = tuple(_lists(gap))
            if decided:
                yield EditTask("reset-lists", (gap,), (document,), decided=decided)


def _lists(gap: Gap) -> Iterator[tuple[str, str]]:
    """Yield service and key of each empty list that the gap names: routes of three steps in its file."""
    for item in gap.evidence:
        route = item.location.route
        if item.location.path == gap.primary.path and len(route) == 3 and route[0] == "services":
            yield str(route[1]), str(route[2])


KIND = EditKind(frozenset({"CMP019"}), _plan)
