"""The ports that a workload listens at, and the further names under which others reach it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.document import scalars_of, text_of
from scaffold.model.label_routes import label_route
from scaffold.model.names import Role
from scaffold.model.values import dns_label
from scaffold.model.workload import WorkloadPort
from scaffold.plan.workloads.hosts import addresses_in, hosts_in
from scaffold.plan.workloads.scope import Scope

_HTTP = frozenset({Role.WEB, Role.FRONTEND, Role.PROXY, Role.ML_INFERENCE})
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP"})


def plan_ports(service: Service, scope: Scope) -> tuple[WorkloadPort, ...]:
    """Return the ports by number: published ones, exposed ones, what the image listens at, and what others ask for.

    What a proxy forwards to by a label is published through it.
    """
    published = {(port.target, _protocol(port.protocol)) for port in service.ports if port.target and not port.is_loopback}
    found = {(port.target, _protocol(port.protocol)) for port in service.ports if port.target}
    found |= set(_exposed(service))
    found |= {(port, "TCP") for port in (*service.listens, *asked_ports(service, scope))}
    http = min((port for port, protocol in found if protocol == "TCP"), default=0) if service.role in _HTTP else 0
    route = label_route(service)
    if route is not None and (port := route.port or http):
        found.add((port, "TCP"))
        published.add((port, "TCP"))
    if published and service.role in _HTTP:
        http = min((port for port, protocol in published if protocol == "TCP"), default=http)
    return tuple(
        WorkloadPort(_name(port, protocol, http), port, protocol, (port, protocol) in published)
        for port, protocol in sorted(found)
        if 0 < port < 65536
    )


def _name(port: int, protocol: str, http: int) -> str:
    return "http" if port == http and protocol == "TCP" else f"{protocol.lower()}-{port}"


def _protocol(word: str) -> str:
    upper = word.upper()
    return upper if upper in _PROTOCOLS else "TCP"


def _exposed(service: Service) -> Iterator[tuple[int, str]]:
    for scalar in scalars_of(service.node.get("expose")):
        number, _, protocol = scalar.value.partition("/")
        first, _, last = number.partition("-")
        if first.isdecimal():
            end = int(last) if last.isdecimal() else int(first)
            yield from ((port, _protocol(protocol or "tcp")) for port in range(int(first), min(end, int(first) + 1000) + 1))


def asked_ports(service: Service, scope: Scope) -> tuple[int, ...]:
    """Return the ports at which other services reach this one, by their environment, commands and proxy configurations."""
    names = set(service.names)
    said = {port for text in _texts(service, scope) for host, port in addresses_in(text) if host in names}
    forwarded = {item.port for item in scope.project.upstreams if item.host in names and item.port}
    return tuple(sorted(said | forwarded))


def plan_aliases(service: Service, scope: Scope) -> tuple[str, ...]:
    """Return the further names, each a DNS label, that others use: their texts, their commands or a proxy's configuration."""
    labels = {scope.names[other.name] for other in scope.kept} | set(scope.stores)
    wanted = {name for name in service.aliases if dns_label(name) == name and name not in labels}
    if not wanted:
        return ()
    mentioned: set[str] = {upstream.host for upstream in scope.project.upstreams}
    for other in scope.kept:
        if other.name != service.name:
            for entry in other.environment:
                mentioned |= hosts_in(entry.value or "", entry.name)
            mentioned |= {host for word in (*(other.command or ()), *(other.entrypoint or ())) for host in hosts_in(word)}
    return tuple(sorted(wanted & mentioned))


def _texts(service: Service, scope: Scope) -> Iterator[str]:
    for other in scope.kept:
        if other.name != service.name:
            yield from (entry.value or "" for entry in other.environment)
            yield from other.command or ()
            yield from other.entrypoint or ()
            yield from (text_of(item) for item in scalars_of(other.node.get("links")))
