"""Whether scaffold writes a chart for a project: what closes the gaps of the layers that a chart closes."""

from __future__ import annotations

from scaffold.model.gap import Closer
from scaffold.model.names import Room
from scaffold.model.project import Project

PACKAGING = frozenset({"helm", "kustomize", "kubernetes"})


def chart_closers(project: Project, advice: str) -> tuple[Closer, ...]:
    """Return the chart as what closes a gap; advice where none is written: on ECS, beside packaging of the user's own, and
    without a stack that may run in production and has code of the team to run.
    """
    own = any(item.kind in PACKAGING and item.path not in project.owned for item in project.infrastructure)
    stack = project.production_stack
    runs_code = stack is not None and any(service.is_application for service in stack.services)
    if runs_code and not own and project.configuration.compute == "eks":
        return (Closer(Room.HELM, "files"),)
    return (Closer(None, "advice", advice),)
