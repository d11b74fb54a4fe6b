"""NET001: a store publishes its port on every interface of the host."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import ALL_INTERFACES, every_stack, is_turned_on, listed, once
from scaffold.gaps.network.cloud_firewall import wall_before
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location, Mapping, Scalar, Sequence, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.lasting import words_of
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.swarm import deployed_to_swarm

_WEB_PORTS = frozenset({80, 443})
"""No store speaks on these: the service is more than its store."""
_RABBITMQ_PAGE = 15672
_PLUGINS = regex(r"rabbitmq_management|plugins|/etc/rabbitmq/?$")
_TRANSPORT = 9300
_NATS_MONITOR = 8222
_SEAWEED = "chrislusf/seaweedfs"
_SEAWEED_PORTS = frozenset({9333, 8080, 8888, 8333, 8111, 7333, 2022, 23646, 19333, 18080, 18888, 18333, 33646})
"""What master, volume, filer, S3, IAM, WebDAV, SFTP and admin listen on, and their gRPC ports (the defaults of `weed`)."""
_EXPECTED = "127.0.0.1 before the port, or no `ports` at all"
_EXPECTED_IN_SWARM = "no `ports` at all, as a swarm leaves out the address before a port"
_IN_SWARM = Closer(
    None,
    "advice",
    "Take the port out of `ports`: services of the stack need no published port. A swarm publishes it on every node whatever "
    "address stands before it; what has to stay reachable goes on one node (`mode: host`), behind a firewall before Docker.",
)
"""`docker stack deploy` warns that it leaves the address out (docker/cli, cli/compose/loader)."""
_REFERENCE = regex(r"\$\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}|\$\w+")


def open_ports(project: Project, service: Service) -> tuple[Port, ...]:
    """Return the ports that a service publishes on all interfaces; a variable in the place of the address is unknown."""
    return tuple(
        port
        for port in service.ports
        if port.host_ip in ALL_INTERFACES and not _address_is_variable(_as_written(project, port))
    )


def _as_written(project: Project, port: Port) -> str:
    document = project.document(port.location.path)
    node = find(document.root, *port.location.route) if document else None
    return node.raw if isinstance(node, Scalar) else port.raw


def _address_is_variable(text: str) -> bool:
    """Tell `${IP}:5432:5432` and `${BIND}5432:5432` from `${PORT}:5432`: three parts, or a reference glued to digits."""
    parts = _REFERENCE.sub("\0", text.strip("\"'")).split(":")
    if "\0" not in parts[0]:
        return False
    return len(parts) >= 3 or parts[0] != "\0"


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        if not service.is_datastore or service.network_mode.startswith("host"):
            continue
        host_mode = _in_host_mode(service)
        for port in open_ports(project, service):
            if port.location not in host_mode and port.target not in _WEB_PORTS and not _is_idle(service, port):
                yield _gap(project, stack, service, port)


def _is_idle(service: Service, port: Port) -> bool:
    """Whether nothing that others reach listens on the port: Elasticsearch's transport that is bound to the container alone,
    RabbitMQ's page, a plugin that only the -management images switch on, or one that SeaweedFS knows by no part of it.
    """
    if service.image is not None and service.image.repository == _SEAWEED and not service.build:
        return port.target not in _SEAWEED_PORTS and str(port.target) not in words_of(service)
    if port.target == _TRANSPORT:
        bound = service.env("transport.host")
        return bound is not None and bound.value in {"127.0.0.1", "localhost"}
    if (
        port.target != _RABBITMQ_PAGE
        or service.build
        or service.image is None
        or service.image.repository.removeprefix("library/") != "rabbitmq"
    ):
        return False
    words = " ".join((*(service.entrypoint or ()), *(service.command or ()), *(mount.target for mount in service.mounts)))
    return bool(service.image.tag) and "management" not in service.image.tag and not _PLUGINS.search(words)


def _in_host_mode(service: Service) -> frozenset[Location]:
    """Return the ports of the long form with `mode: host`: a swarm node's own port, chosen on purpose."""
    ports = service.node.get("ports")
    items = ports.items if isinstance(ports, Sequence) else ()
    return frozenset(item.location for item in items if isinstance(item, Mapping) and text_of(item.get("mode")) == "host")


def _gap(project: Project, stack: Stack, service: Service, port: Port) -> Gap:
    is_on = is_turned_on(project, service)
    wall = wall_before(project, (port,))
    number = port.target if port.target is not None else "its port"
    published = f" as {port.number}" if port.published is not None and port.number != str(port.target) else ""
    is_monitor = port.target == _NATS_MONITOR and service.image is not None and service.image.name == "nats"
    reached = (
        "reads NATS' monitoring page, which asks for no login and tells who is connected" if is_monitor else "reaches the store"
    )
    idle = "" if is_on else f"; nothing in this repository turns its profile {service.profiles[0]} on"
    why = "because Docker's own rules come before a host firewall such as ufw"
    if wall is not None:
        why = f"though none from the internet: the firewall of its cloud opens other ports ({wall.path})"
    in_swarm = port.location.path in deployed_to_swarm(project)
    lesser = is_monitor or port.drawn or not is_on
    severity = Severity.LOW if wall is not None else Severity.MEDIUM if lesser else Severity.HIGH
    if port.drawn:
        published = " at a port that Docker draws at each start (no number of the host stands before it)"
        reached = f"and finds the port by a scan {reached}"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"ports/{port.target if port.target is not None else 'unknown'}{'/udp' if port.protocol == 'udp' else ''}",
        message=f"{service.name}{_heirs(stack, service, port)} publishes {number}{published} on every interface of the host: "
        f"whoever reaches the host {reached}, {why}{idle}.",
        expected=f"{_EXPECTED_IN_SWARM if in_swarm else _EXPECTED}: other services reach {service.name} without it",
        actual="no host address (all interfaces)" if not port.host_ip else port.host_ip,
        locations=(port.location,),
        related=(wall,) if wall is not None else (),
        severity=severity,
        environment=stack.environment,
        closers=(_IN_SWARM,) if in_swarm else None,
    )


def _heirs(stack: Stack, service: Service, port: Port) -> str:
    """Return the other services that have the port of the same line, by `extends` or an anchor, as words behind a name."""
    names = [name for name in known(_sharing, stack)[port.location] if name != service.name]
    return f" (as {listed(names)}, by the same line)" if names else ""


def _sharing(stack: Stack) -> dict[Location, tuple[str, ...]]:
    """Return the services that have a port of each line."""
    found: dict[Location, dict[str, None]] = {}
    for service in stack.services:
        for port in service.ports:
            found.setdefault(port.location, {})[service.name] = None
    return {place: tuple(names) for place, names in found.items()}


RULE = Rule(
    code="NET001",
    name="store-port-on-all-interfaces",
    layer=Layer.NETWORK,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None,
            "advice",
            "Take the port out of `ports` (services of the stack need no published port), or bind it to 127.0.0.1.",
        ),
    ),
    maps_to=("OWASP-DOCKER-5a",),
    cause=Cause.SERVICE,
)
