"""SCL001: a stateless service cannot run twice, because its container name or its host port is fixed."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.gaps.remembered import remembered
from scaffold.gaps.scaling.copies import copies_of, only_port
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.deployments import named_files
from scaffold.model.document import Location, Mapping, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SWARM = regex(r"\bstack\s+deploy\b|\bswarm\s+init\b", words=("deploy", "warm"))
_STATELESS = frozenset({Role.WEB, Role.WORKER, Role.FRONTEND})


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production]
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack))
    yield from once(gap for stack in stacks if stack.complete for gap in _unbound(project, stack))


def _unbound(project: Project, stack: Stack) -> Iterator[Gap]:
    """Yield each service of which several copies are asked for that want the same port of the host."""
    for service in stack.services:
        port = only_port(project, stack, service)
        asked = copies_of(project, service) if port is not None and not _is_for_a_swarm(project) else None
        if port is not None and asked is not None and not service.container_name and _starts(project, asked[1], stack):
            yield _unbound_gap(stack, service, port, *asked)


def _starts(project: Project, place: Location, stack: Stack) -> bool:
    """Whether a place is no command that starts other files than those of the stack."""
    named = _named_at(project).get(place, [])
    return not named or {path.rpartition("/")[2] for path in stack.files} in named


@remembered
def _named_at(project: Project) -> dict[Location, list[frozenset[str]]]:
    """Return the compose files that the commands of each line name."""
    found: dict[Location, list[frozenset[str]]] = {}
    for command in project.commands:
        names = named_files(command.text)
        if names:
            found.setdefault(command.location, []).append(names)
    return found


def _unbound_gap(stack: Stack, service: Service, port: Port, words: str, place: Location) -> Gap:
    is_told = words.startswith("--scale")
    does = "the command that asks for them" if is_told else "`docker compose up`"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="second-copy",
        message=f"No second copy of {service.name} starts ({words}): each one asks for port {port.published} of the host,"
        f" which the first has taken, and {does} ends with an error.",
        expected=_EXPECTED["host-ports"],
        actual=f"{words} beside a fixed port {port.published}",
        locations=(place, port.location),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(_BY_HAND,),
    )


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    asked = {} if _is_for_a_swarm(project) else {item.name: words for item in stack.services if (words := _copies(item))}
    refused = {item.name: place for item in stack.services if item.name in asked and (place := _name_location(item))}
    services = [service for service in stack.services if service.role in _STATELESS]
    fixed = {service.name: place for service in services if (place := _name_location(service))}
    ported = {
        item.name: port.location for item in services for port in item.ports if port.published is not None and not port.range
    }
    if refused:
        yield _refused_gap(stack, refused, asked, {**refused, **fixed})
    elif fixed:
        yield _gap(stack, "replicas", "container_name", fixed)
    # Without a proxy the port of the host is how the app is reached.
    if ported and any(service.has_role(Role.PROXY) for service in stack.services):
        yield _gap(stack, "host-ports", "a host port", ported)


def _copies(service: Service) -> str:
    """Return what asks for several copies of a service, "" where nothing does."""
    for route in (("deploy", "replicas"), ("scale",)):
        count = text_of(find(service.node, *route))
        if count.isdigit() and int(count[:6]) > 1:
            return f"{'.'.join(route)}: {count}"
    return ""


@remembered
def _is_for_a_swarm(project: Project) -> bool:
    """Whether the stacks are deployed to a swarm, which leaves container_name out."""
    return any(_SWARM.search(command.text) for command in project.commands)


def _refused_gap(stack: Stack, found: dict[str, Location], asked: dict[str, str], fixed: dict[str, Location]) -> Gap:
    words = " and ".join(f"{name} ({asked[name]})" for name in found)
    verb = "has" if len(found) == 1 else "have"
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="replicas",
        message=f"Compose refuses the whole set: {words} {verb} a container_name, which is for one container alone.",
        expected=_EXPECTED["replicas"],
        actual=f"container_name beside {' and '.join(dict.fromkeys(asked[name] for name in found))}",
        locations=tuple(dict.fromkeys(fixed.values())),
        severity=Severity.HIGH,
        environment=stack.environment,
    )


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
