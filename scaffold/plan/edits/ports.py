"""NET001: a published port of a store is bound to the host itself."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import scalars_in
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind, by_document

_OVER_THE_HOST = "host.docker.internal"


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, gaps):
        stack_id = resource.rpartition("/")[0]
        stacks = [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]
        # A container that goes over the host's gateway does not reach a port of the loopback interface.
        over = any(_mentions(stack) for stack in stacks)
        blocked = f"containers go over {_OVER_THE_HOST}, which does not reach a port of 127.0.0.1" if over else ""
        for gap in group:
            yield EditTask("loopback-port", (gap,), (document,), blocked=blocked)


def _mentions(stack: Stack) -> bool:
    return any(_OVER_THE_HOST in scalar.raw for service in stack.services for scalar in scalars_in(service.node))


KIND = EditKind(frozenset({"NET001"}), _plan)
