"""MET004: the application gets a route that gives out the metrics which its code can make."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.model.python_metrics import metrics_route
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        stack_id, _, name = gap.resource.rpartition("/")
        stacks = [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]
        service = next((found for stack in stacks if (found := stack.service(name))), None)
        route = metrics_route(project, service) if service else None
        if route is not None:
            sources = (route.app, *((route.exporter,) if route.exporter else ()))
            yield EditTask("metrics-route", (gap,), sources=sources, decided=((route.form, route.class_name),))


KIND = EditKind(frozenset({"MET004"}), _plan)
