"""CIQ001: an event that is nested under another one moves out."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind, by_document


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, _, group in by_document(project, gaps):
        yield EditTask("workflow-trigger", group, (document,))


KIND = EditKind(frozenset({"CIQ001"}), _plan)
