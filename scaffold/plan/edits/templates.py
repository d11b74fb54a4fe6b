"""CFG001: the user's env template gets the variables that it lacks."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind
from scaffold.plan.environment import TEMPLATE_LINES


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:  # noqa: ARG001 - the lines come from the env plan
    for gap in gaps:
        yield EditTask(TEMPLATE_LINES, (gap,))


KIND = EditKind(frozenset({"CFG001"}), _plan)
