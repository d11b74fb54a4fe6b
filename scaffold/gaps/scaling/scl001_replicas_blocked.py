"""SCL001: a stateless service cannot run twice, because its container name or its host port is fixed."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Mapping
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Room, Severity
from scaffold.model.project import Project

_STATELESS = frozenset({Role.WEB, Role.WORKER, Role.FRONTEND})


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    return iter(once(gap for stack in stacks for gap in _of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Gap]:
    services = [service for service in stack.services if service.role in _STATELESS]
    named = {service.name: place for service in services if (place := _name_location(service))}
    ported = {service.name: port.location for service in services for port in service.ports if port.published is not None}
    if named:
        yield _gap(stack, "replicas", "container_name", named)
    # Without a proxy the port of the host is how the app is reached.
    if ported and any(service.has_role(Role.PROXY) for service in stack.services):
        yield _gap(stack, "host-ports", "a host port", ported)


def _gap(stack: Stack, subject: str, what: str, found: dict[str, Location]) -> Gap:
    names = " and ".join(found)
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=subject,
        message=f"`docker compose up --scale` fails for stateless services: {what} fixes {names}.",
        expected=_EXPECTED[subject],
        actual=f"{what} fixes {names}",
        locations=tuple(dict.fromkeys(found.values())),
        environment=stack.environment,
        closers=(_BY_HAND,) if subject == "host-ports" else None,
    )


def _name_location(service: Service) -> Location | None:
    if not service.container_name or not isinstance(service.node, Mapping):
        return None
    node = service.node.get("container_name")
    return node.location if node else None


_EXPECTED = {
    "replicas": "no container_name: the service's name is what others use",
    "host-ports": "a proxy in front of services without host ports",
}
_BY_HAND = Closer(
    None,
    "advice",
    "Publish the port of the proxy in place of the services' own ports, once nobody uses these.",
)

RULE = Rule(
    code="SCL001",
    name="replicas-blocked",
    layer=Layer.SCALING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(None, "advice", "Take out container_name, and use the service's name where the other one is called."),
    ),
)
