"""SCL001: a stateless service cannot run twice, because its container name or its host port is fixed."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Mapping
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_STATELESS = frozenset({Role.WEB, Role.WORKER, Role.FRONTEND})


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in stacks for gap in _of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Gap]:
    services = [service for service in stack.services if service.role in _STATELESS]
    named = {service.name: place for service in services if (place := _name_location(service))}
    ported = {service.name: port.location for service in services for port in service.ports if port.published is not None}
    if not named and not any(service.has_role(Role.PROXY) for service in stack.services):
        return  # Without a proxy the port of the host is how the app is reached.
    places = tuple(dict.fromkeys((*named.values(), *ported.values())))
    if not places:
        return
    reasons = []
    if named:
        reasons.append(f"container_name fixes {' and '.join(named)}")
    if ported:
        reasons.append(f"a host port fixes {' and '.join(ported)}")
    yield RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="replicas",
        message=f"`docker compose up --scale` fails for stateless services: {'; '.join(reasons)}.",
        expected="no container_name, and a proxy in front of services that have no host port",
        actual="; ".join(reasons),
        locations=places,
        environment=stack.environment,
    )


def _name_location(service: Service) -> Location | None:
    if not service.container_name or not isinstance(service.node, Mapping):
        return None
    node = service.node.get("container_name")
    return node.location if node else None


RULE = Rule(
    code="SCL001",
    name="replicas-blocked",
    layer=Layer.SCALING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Take out container_name, and publish the port of the proxy in place of the services' own ports."
        ),
    ),
)
