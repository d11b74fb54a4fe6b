"""Applications before which the pages put a proxy on the host, and which everybody reaches past it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from scaffold.gaps.facts import path_environment
from scaffold.gaps.network.fronts import Front
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.gaps.network.pages_on_tls import own_pages
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.label_routes import label_route
from scaffold.model.names import TRIED, EnvironmentClass, Role
from scaffold.model.own_machine import LOOPBACK
from scaffold.model.project import DocFile, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_FORWARDS = regex(
    r"(?m)^(?![ \t]*#)[^\n]*?\b(?:proxy_pass|reverse_proxy|ProxyPass[ \t]+\S+)[ \t]+(?:https?://)?"
    r"(?:localhost|127\.0\.0\.1):(?P<port>\d{2,5})\b",
    words=("proxy_pass", "reverse_proxy", "ProxyPass"),
)
_LEADS = regex(
    r"(?im)^(?![^\n]*(?:ngrok|vite|\bdev[ -]|development|proxy_pass))[^\n]{0,200}?"
    r"(?:https://[\w.<>{}$-]+`?[ \t]*(?:->|→|=>|\|)[^\n]{0,40}?(?:(?:localhost|127\.0\.0\.1):|\bport )"
    r"|\breverse[- ]prox(?:y|ies)\b[^\n]{0,120}?(?:\bto\b|\bvers\b|->|→)[ \t]*`?(?:https?://)?(?:localhost|127\.0\.0\.1):)"
    r"(?P<port>\d{2,5})\b",
    words=("https://", "reverse"),
)
"""A line of a page that leads an address of the site to a port of the host."""
_SAYS = regex(
    r"\bhost(?:'s)? (?:nginx|caddy|apache|reverse proxy)\b"
    r"|\b(?:nginx|caddy|apache|traefik) on the (?:host|server|vps|machine)\b"
    r"|\b(?:nginx|caddy|apache|traefik|(?:reverse )?proxy)(?: or \w+)? on (?:the|your) (?:host|server|vps)(?: machine)?\b"
    r"|\b(?:put|place|run|deploy|set ?up)\b[^.]{0,60}?\bbehind\s+(?:a|an|your|the)\s+(?:[\w-]+ ){0,2}?(?:reverse\s+)?proxy\b"
    r"|\b(?:put|place|use)\s+(?:a|an|your)\s+(?:[\w-]+ ){0,2}?(?:reverse\s+)?proxy\b[^.]{0,60}?\bin\s+front\s+of\b"
    r"|\bput (?:https|tls|ssl) in front of it\b",
    re.IGNORECASE,
    words=("nginx", "caddy", "apache", "traefik", "proxy", " in front of it"),
)
_BINDS = regex(
    r"127\.0\.0\.1:(?:\$\{[^}]*\}|\d+):\d+|\bbind\w*\b[^.\n]{0,60}\b(?:127\.0\.0\.1|localhost|loopback)",
    re.IGNORECASE,
    words=("127.0.0.1:", "bind"),
)
"""What a page says that has people keep the port on the host themselves."""
_HOST_ITSELF = LOOPBACK | {"172.17.0.1", "host.docker.internal"}
_OF_THE_WEB = frozenset({80, 443})
_TLS_PORTS = frozenset({443, 8443})
_SERVED = frozenset({EnvironmentClass.PRODUCTION, EnvironmentClass.BASE})
_FOR_ALL = regex(r"\bproduction\b|\b(?:public )?internet\b|\bpublicly\b", re.IGNORECASE)
"""Words by which a page speaks of the one stack that there is, whatever its files are called."""
_WORD_OF_A_PATH = regex(r"[^a-z]+", re.IGNORECASE)
_BEFORE = 160
"""Characters before what a page says in which they stand."""
_VISITED = frozenset({Role.WEB, Role.FRONTEND})


@frozen
class Passed:
    """An open port of an application, and the place of a page that puts a proxy of the host before it.

    `exact` is whether that page forwards to this very port.
    """

    service: Service
    port: Port
    place: Location
    exact: bool


@frozen
class _Saying:
    """A line of a page that puts a proxy before the application."""

    place: Location
    line: str
    environments: frozenset[EnvironmentClass] = frozenset({EnvironmentClass.PRODUCTION})
    """The classes of the stacks that it is about."""


def passed_ports(project: Project, stack: Stack) -> Iterator[Passed]:
    """Yield each open port of an application of a stack without a proxy, else of a proxy without TLS, that is meant to stand
    behind one of the host.
    """
    doors = _doors(project, stack)
    pages = tuple(page for page in _pages(project, stack) if not _BINDS.search(page.text)) if doors else ()
    forwarded = _forwarded(pages)
    sayings = [_said(page, words) for page in pages for words in _SAYS.finditer(page.text)]
    said = next((item for item in sayings if stack.environment in item.environments), next(iter(sayings), None))
    meant = _meant([service for service, _ in doors], said.line if said else "")
    named: set[str] = set()
    for service, port in doors:
        place = forwarded.get(port.published or 0)
        if place is not None:
            yield Passed(service, port, place, exact=True)
        # A page that names no port speaks of the one that visitors open, which stands first.
        elif said is not None and stack.environment in said.environments and service.name in meant - named:
            named.add(service.name)
            yield Passed(service, port, said.place, exact=False)


def _doors(project: Project, stack: Stack) -> list[tuple[Service, Port]]:
    """Return the open ports by which visitors come in; none where the stack has the ports of the web itself, by a proxy."""
    if any(label_route(service) for service in stack.services):
        return []
    edges = [service for service in stack.services if service.has_role(Role.PROXY)]
    visited = edges or [service for service in stack.services if service.role in _VISITED]
    doors = [
        (service, port)
        for service in visited
        if not service.profiles
        for port in open_ports(project, service)
        if port.protocol == "tcp" and port.published is not None
    ]
    of_the_web = any(port.published in _OF_THE_WEB or port.target in _TLS_PORTS for _, port in doors)
    return [] if edges and of_the_web else doors


def host_front(project: Project, stack: Stack, service: Service) -> Front | None:
    """Return the proxy of the host that forwards to a published port of a service: by a configuration that no service reads, or
    by one that a page has people write.
    """
    ports = {port.published for port in service.ports if port.protocol == "tcp" and port.published}
    mounted = [mount.resolved for other in stack.services for mount in other.mounts if mount.resolved]
    for upstream in project.upstreams:
        path = upstream.location.path
        of_host = upstream.port in ports and upstream.host in _HOST_ITSELF
        if of_host and path_environment(path) not in TRIED and not any(is_below(path, source) for source in mounted):
            text = project.source(path) or ""
            return Front("the proxy of the host", upstream.location, "443" in text, "x-forwarded-proto" in text.lower())
    places = known(_forwarded_on_pages, project, stack) if ports and label_route(service) is None else {}
    place = next((places[port] for port in sorted(ports) if port in places), None)
    return Front("the proxy of the host", place, ends_tls=False, sends_scheme=True) if place is not None else None


def _forwarded_on_pages(project: Project, stack: Stack) -> dict[int, Location]:
    return _forwarded(_pages(project, stack))


def _pages(project: Project, stack: Stack) -> Iterator[DocFile]:
    return (page for page in own_pages(project, on_a_host=True) if _is_about(project, stack, page))


def _forwarded(pages: Iterable[DocFile]) -> dict[int, Location]:
    """Return the ports of the host to which a proxy on the pages forwards, with the first place of each."""
    forwarded: dict[int, Location] = {}
    for page in pages:
        for match in chain(_FORWARDS.finditer(page.text), _LEADS.finditer(page.text)):
            found = Location.at_offset(page.path, page.text, match.start("port"))
            forwarded.setdefault(int(match["port"]), found)
    return forwarded


def _is_about(project: Project, stack: Stack, page: DocFile) -> bool:
    """Whether a page may speak of a stack: no page from outside of a project does that was taken in whole, with its licence."""
    own = (
        {f"{stack.directory}/{name}" for name in ("LICENSE", "LICENSE.md", "LICENSE.txt", "COPYING")}
        if stack.directory
        else set()
    )
    taken_in = bool(own & project.present) and not is_below(page.path, stack.directory)
    return not taken_in


def _said(page: DocFile, words: re.Match[str]) -> _Saying:
    start, end = page.text.rfind("\n", 0, words.start()) + 1, page.text.find("\n", words.end())
    place = Location.at_offset(page.path, page.text, words.start())
    line = page.text[start : end if end >= 0 else len(page.text)]
    # What a page is called says what it is about: production-deployment.md.
    about = f"{_WORD_OF_A_PATH.sub(' ', page.path)} {page.text[max(words.start() - _BEFORE, 0) : words.end()]}"
    return _Saying(place, line, _SERVED) if _FOR_ALL.search(about) else _Saying(place, line)


def _meant(services: list[Service], line: str) -> set[str]:
    """Return the services that a line names, else the front ends, else all of them."""
    named = {item.name for item in services if re.search(rf"(?<![\w-]){re.escape(item.name)}(?![\w-])", line, re.IGNORECASE)}
    return named or {item.name for item in services if item.role is Role.FRONTEND} or {item.name for item in services}
