"""CMP004: a service starts beside the migration that it needs, not after it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import edges, judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import APPLICATION, DATASTORES, Cause, Layer, Role, Room, Severity
from scaffold.model.project import Project

_BY_HAND = Closer(None, "advice", "Write `condition: service_completed_successfully` on the edge, if the job always ends.")


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Gap]:
    for service, edge in edges(stack):
        target = stack.service(edge.service)
        if target is None or edge.condition != "service_started" or not edge.required or not _ends(target):
            continue
        yield RULE.gap(
            resource=stack.resource(service.name),
            subject=f"depends_on/{target.name}",
            message=f"{service.name} starts while {target.name} still runs: the edge waits for its start, not for its end.",
            expected="condition: service_completed_successfully",
            actual="no condition (service_started)" if edge.short_form else "condition: service_started",
            locations=(edge.location,),
            related=(target.location,),
            environment=stack.environment,
            called=f"{service.name} → {target.name}",
            closers=None if _ends_for_certain(target) else (_BY_HAND,),
        )


def _ends(target: Service) -> bool:
    """Whether the service is a job: one that also serves, or that is restarted for ever, is none."""
    serves = any(evidence.role in APPLICATION | DATASTORES for evidence in target.roles)
    return target.role is Role.ONE_SHOT and not serves and target.restart not in {"always", "unless-stopped"}


def _ends_for_certain(target: Service) -> bool:
    """Whether its command, image or restart policy says that it ends: who waits for another kind would never start."""
    more_than_a_name = any(evidence.role is Role.ONE_SHOT and evidence.score > 2 for evidence in target.roles)
    return bool(target.restart) or more_than_a_name


RULE = Rule(
    code="CMP004",
    name="one-shot-awaited-as-started",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    cause=Cause.STACK,
)
