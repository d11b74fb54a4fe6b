"""Which names and paths lead to which workload, as the labels say it by which Traefik finds the containers: the Ingress has the
same routes, but not those before which Traefik asks for a login, and no path that it takes off before it forwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import product

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.label_rules import LabelRouter, RuleMatch, RulePath, label_routers, middleware_kinds, read_rule
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.workload import HostRoute, Note, Text, WorkloadPort
from scaffold.plan.workloads.scope import Scope
from scaffold.plan.workloads.texts import expand

_SERVED = (Role.PROXY, Role.FRONTEND, Role.WEB, Role.ML_INFERENCE)
_ROUTED = frozenset({*_SERVED, Role.WORKER, Role.SCHEDULER})
"""What may have a page for visitors; consoles, stores and monitoring are reached from inside the cluster."""
_GUARDS = frozenset({"basicauth", "digestauth", "forwardauth", "ipallowlist", "ipwhitelist"})
_CHANGES = frozenset({"stripprefix", "stripprefixregex", "replacepath", "replacepathregex", "addprefix"})
_REDIRECTS = frozenset({"redirectscheme", "redirectregex"})
_GUARDS_BY_NAME = regex(r"auth|allow|whitelist|login|sso|oauth|private|internal|vpn")
"""A middleware that a file outside the labels defines, by its name."""
_INSIDE = regex(r".*(?:internal|private|vpn|lan|local|metrics|admin|traefik|dashboard).*")
"""Entry points that are none for visitors, by their names."""
_DNS = regex(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


_LOST = {
    "guard": (
        "Traefik asks who it is before it forwards here (middleware {guard}), and the load balancer of the cluster does not: "
        "what goes by {routers} today has no route. Reach it with kubectl port-forward, or give it a login of its own before "
        "it gets one"
    ),
    "changes": (
        "Traefik changes the path before it forwards here (middlewares of {routers}), and the Ingress does not: in the cluster "
        "it is reached at the name {name} below the domain, without that prefix. Tell whoever calls it, or let the program "
        "serve under its path"
    ),
    "odd": (
        "a rule of Traefik ({routers}) asks for more than host and path, which the Ingress does not: in the cluster everything "
        "at the name {name} below the domain comes here"
    ),
}
"""What the Ingress cannot do of a router, by what the router has."""


@frozen
class _Way:
    """A router as the Ingress can have it: what it matches, or why it cannot."""

    service: Service
    router: LabelRouter
    matches: tuple[RuleMatch, ...] = ()
    guard: str = ""
    changes: bool = False


def plan_label_routes(
    scope: Scope, ports: Mapping[str, tuple[WorkloadPort, ...]]
) -> tuple[tuple[HostRoute, ...] | None, tuple[Note, ...]]:
    """Return the routes, those by path first, and what is lost of them; None where no label of Traefik leads to a workload.

    Also None where a proxy of the project's own that no label leads to stands before everything.
    """
    ways = [way for service in scope.kept if service.role in _ROUTED for way in _ways(service, scope)]
    routed = {way.service.name for way in ways}
    served = [service for service in scope.kept if service.role in _SERVED and _port(ports[service.name], None)]
    if not ways or any(service.role is Role.PROXY and service.name not in routed for service in served):
        return None, ()
    found = {(route.subdomain, route.path): route for route in reversed([*_routes(ways, scope, ports)])}
    reached = {route.workload for route in found.values()}
    for service in served:
        name, is_open = scope.names[service.name], any(port.target for port in service.ports if not port.is_loopback)
        lost = any(way.changes or not (way.matches or way.guard) for way in ways if way.service is service)
        if name not in reached and (lost or (service.name not in routed and is_open)):
            found.setdefault((name, ""), HostRoute(name, _port(ports[service.name], None), name))
    ordered = sorted(found.values(), key=lambda item: (-len(item.path), item.path, item.subdomain != "", item.subdomain))
    return tuple(ordered), tuple(_notes(ways, scope))


def _ways(service: Service, scope: Scope) -> Iterator[_Way]:
    kinds = middleware_kinds(scope.stack.services)
    for router in label_routers(service):
        if router.entry_points and all(_INSIDE.fullmatch(name) for name in router.entry_points):
            continue
        asked = {kind for name in router.middlewares for kind in kinds.get(name, ())}
        if asked & _REDIRECTS:
            continue
        guard = next((name for name in router.middlewares if _is_guard(name, kinds)), "")
        matches = read_rule(_shown(expand(router.rule, scope))) or ()
        yield _Way(service, router, matches, guard, bool(asked & _CHANGES))


def _is_guard(name: str, kinds: Mapping[str, frozenset[str]]) -> bool:
    known = kinds.get(name)
    return bool(known & _GUARDS) if known is not None else bool(_GUARDS_BY_NAME.search(name))


def _shown(text: Text) -> str:
    """Return a text in which each variable that an environment sets stands by its name, as one word of a host."""
    return "".join(piece.text if piece.kind == "literal" else f"{{{piece.text}}}" for piece in text)


@frozen
class _Places:
    """Where a host of a rule lies below the domain of the Ingress: `base` is that domain, `home` a host that stands for it."""

    base: str
    home: str

    def below(self, host: str) -> str | None:
        """Return the subdomain of a host, None for one that is no part of the domain."""
        if host in {"", self.base, self.home}:
            return ""
        rest = host.removesuffix(f".{self.base}")
        return rest if rest != host and _DNS.fullmatch(rest) else None


def _places(ways: Iterable[_Way]) -> _Places:
    """Return the domain: what all hosts end with; else what most of them lie below, and the host of the user interface."""
    led = sorted((way for way in ways if not way.guard), key=lambda way: _rank(way.service))
    hosts = tuple(dict.fromkeys(host for way in led for match in way.matches for host in match.hosts))
    shared = _shared(hosts)
    if shared:
        return _Places(shared, "")
    above = Counter(rest for host in hosts if (rest := host.partition(".")[2]))
    base = next((name for name, number in above.most_common(1) if number > 1), "")
    outside = (host for host in hosts if host != base and not host.endswith(f".{base}"))
    return _Places(base, "" if base in hosts else next(outside, ""))


def _shared(hosts: tuple[str, ...]) -> str:
    common: list[str] = []
    for labels in zip(*(reversed(host.split(".")) for host in hosts), strict=False):
        if len(set(labels)) > 1:
            break
        common.insert(0, labels[0])
    is_domain = len(common) > 1 or common[:1] == ["localhost"] or "".join(common).startswith("{")
    return ".".join(common) if is_domain else ""


def _rank(service: Service) -> int:
    return _SERVED.index(service.role) if service.role in _SERVED else len(_SERVED)


def _routes(ways: Iterable[_Way], scope: Scope, ports: Mapping[str, tuple[WorkloadPort, ...]]) -> Iterator[HostRoute]:
    """Yield the routes, those of a user interface first: what two services claim goes to it. A service of which no host is part
    of the domain gets its own name there.
    """
    places = _places(ways)
    elsewhere: list[HostRoute] = []
    reached: set[tuple[str, str]] = set()
    for way in sorted(ways, key=lambda way: _rank(way.service)):
        name, port = scope.names[way.service.name], _port(ports[way.service.name], way.router.port)
        if way.guard or way.changes or not port:
            continue
        for match in way.matches:
            for host, item in product(match.hosts or ("",), match.paths or (RulePath("/"),)):
                path = item.path.rstrip("/")
                subdomain = places.below(host)
                route = HostRoute(name, port, name if subdomain is None else subdomain, path, item.exact and bool(path))
                if subdomain is None:
                    elsewhere.append(route)
                else:
                    reached.add((name, path))
                    yield route
    yield from (route for route in elsewhere if (route.workload, route.path) not in reached)


def _port(ports: tuple[WorkloadPort, ...], wanted: int | None) -> int:
    """Return the published port that is wanted, or the one that serves pages."""
    published = [port for port in ports if port.published]
    chosen = next((port for port in published if port.port == wanted), None)
    served = next((port for port in published if port.name == "http"), None)
    return (chosen or served or next(iter(published), WorkloadPort("", 0))).port


def _notes(ways: Iterable[_Way], scope: Scope) -> Iterator[Note]:
    lost: dict[tuple[str, str], list[_Way]] = {}
    for way in ways:
        kind = "guard" if way.guard else "changes" if way.changes else "" if way.matches else "odd"
        if kind:
            lost.setdefault((way.service.name, kind), []).append(way)
    for (service, kind), found in lost.items():
        first = min(found, key=lambda way: way.router.location.sort_key())
        routers = ", ".join(dict.fromkeys(way.router.name for way in found))
        message = _LOST[kind].format(routers=routers, name=scope.names[service], guard=first.guard)
        yield Note(service, "labels", message, first.router.location, urgent=True)
