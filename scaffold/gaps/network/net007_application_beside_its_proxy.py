"""NET007: an application answers on every interface of the host, beside the proxy that stands before it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, may_run_in_production, production_or_all
from scaffold.gaps.network.cloud_firewall import wall_before
from scaffold.gaps.network.host_proxy import Passed, passed_ports
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.gaps.overrides import kept_entries
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image
from scaffold.model.known import known
from scaffold.model.label_routes import label_route
from scaffold.model.lasting import builder_of, words_of
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project, ProxyUpstream
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_APPLICATIONS = (Role.WEB, Role.FRONTEND)
_EDGES = (Role.PROXY, Role.FRONTEND)
_TRUST_NAMES = regex(
    r"(?:.*_)?(?:REVERSE_PROXY|BEHIND_PROXY|PROXY_FIX|TRUST(?:ED)?_PROX(?:Y|IES)(?:_.*)?|(?:USE_)?PROXY_HEADERS)"
)
_TRUSTS_ALL = regex(r"--forwarded-allow-ips[= ]+[\"']?\*")
_PLAIN = ", without its TLS, limits and headers"
_OFF = frozenset({"", "0", "false", "no", "off", "none"})


@frozen
class _Route:
    """An open port of an application, the proxy that forwards to it, and where that stands."""

    service: Service
    port: Port
    edge: Service
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    seen: set[Location] = set()
    for stack in stacks:
        routes = [route for route in _routes(project, stack) if route.port.location not in seen]
        seen |= {route.port.location for route in routes}
        if routes:
            yield _gap(project, stack, routes)
        passed = [item for item in passed_ports(project, stack) if item.port.location not in seen]
        seen |= {item.port.location for item in passed}
        if passed:
            yield _passed_gap(project, stack, passed)


def _routes(project: Project, stack: Stack) -> Iterator[_Route]:
    """Yield each open port of an application to which a proxy of the stack, itself open to visitors, forwards."""
    open_to_all = {service.name: ports for service in stack.services if (ports := open_ports(project, service))}
    edges = [service for service in stack.services if service.name in open_to_all and service.has_role(*_EDGES)]
    inside = [service for service in stack.services if service.name in open_to_all and service.role in _APPLICATIONS]
    if not edges or not any(service.name != edge.name for service in inside for edge in edges):
        return
    # Lists that a later file empties in vain are CMP019's.
    emptied = {service.name for key, service, _ in kept_entries(project, stack) if key == "ports"}
    for service in inside:
        for port in open_to_all[service.name] if service.name not in emptied else ():
            found = _edge_of(project, service, port, [edge for edge in edges if edge.name != service.name])
            if found and port.protocol != "udp" and port.location.path not in project.owned:
                yield _Route(service, port, *found)


def _edge_of(project: Project, service: Service, port: Port, edges: list[Service]) -> tuple[Service, Location] | None:
    """Return the proxy that forwards to this port of the service, and the line that says so."""
    route = label_route(service)
    for edge in edges:
        if route is not None and edge.has_role(Role.PROXY) and route.port in {port.target, None}:
            return edge, service.location
        for upstream in known(_upstreams_of, project, service):
            if upstream.port in {port.target, None} and _reads(project, edge, upstream.location.path):
                return edge, upstream.location
    return None


def _upstreams_of(project: Project, service: Service) -> tuple[ProxyUpstream, ...]:
    """Return what forwards to a service, by any of its names, in the order of the files."""
    by_host = known(_upstreams_by_host, project.upstreams)
    numbered = sorted(number for name in service.names for number in by_host.get(name, ()))
    return tuple(project.upstreams[number] for number in numbered)


def _upstreams_by_host(upstreams: tuple[ProxyUpstream, ...]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number, upstream in enumerate(upstreams):
        found.setdefault(upstream.host, []).append(number)
    return found


def _reads(project: Project, edge: Service, path: str) -> bool:
    """Whether a proxy runs with the configuration at `path`: by a mount, or as a file that its image copies."""
    if any(mount.resolved and is_below(path, mount.resolved) for mount in edge.mounts):
        return True
    return edge.build is not None and any(file.path == path for file in nginx_files(project, edge))


def _trusts_headers(project: Project, service: Service) -> bool:
    """Whether the application takes the visitor's address and scheme from headers, by its settings or its command."""
    for entry in service.environment:
        value = (entry.value or "").strip()
        if _TRUST_NAMES.fullmatch(entry.name) and value.lower() not in _OFF:
            return True
        if entry.name == "FORWARDED_ALLOW_IPS" and value == "*":
            return True
    facts = (fact for fact in project.code_facts if fact.kind == "proxy" and fact.detail.startswith(("believes", "heeds")))
    builder = builder_of(project, service)
    if builder.build and any(
        is_in_image(project, builder, fact.location.path) for fact in facts if may_run_in_production(fact)
    ):
        return True
    dockerfile = project.image_of(service)
    start = dockerfile.effective("CMD", service.made.target) if dockerfile and service.made and not service.command else None
    words = f"{words_of(service)} {' '.join(start.argv) if start else ''}"
    return bool(_TRUSTS_ALL.search(words))


def _speaks_fastcgi(project: Project, route: _Route) -> bool:
    """Whether the proxy speaks FastCGI to the port, whose client names the script that runs and the settings of PHP."""
    lines = known(str.splitlines, project.source(route.place.path) or "")
    return "fastcgi_pass" in next(iter(lines[route.place.line - 1 : route.place.line]), "")


def _worst(project: Project, routes: list[_Route]) -> tuple[str, Severity]:
    """Return what makes it worse than a missing proxy, and how bad that is."""
    scripts = dict.fromkeys(route.service.name for route in routes if _speaks_fastcgi(project, route))
    if scripts:
        who = " and ".join(scripts)
        return f", and {who} speaks FastCGI there, which runs what a client asks for without a login", Severity.HIGH
    return _forging(project, [route.service for route in routes]) or _PLAIN, Severity.MEDIUM


def _forging(project: Project, services: list[Service]) -> str:
    """Return what a visitor chooses past the proxy of applications that believe its headers, "" where none does."""
    trusting = dict.fromkeys(service.name for service in services if _trusts_headers(project, service))
    verb = "believes" if len(trusting) == 1 else "believe"
    said = (
        f"; {' and '.join(trusting)} {verb} the headers of a proxy, so whoever comes past it chooses the address and the "
        "scheme that the application sees"
    )
    return said if trusting else ""


def _gap(project: Project, stack: Stack, routes: list[_Route]) -> Gap:
    ports: dict[str, dict[str, None]] = {}
    for route in routes:
        ports.setdefault(route.service.name, {})[route.port.number] = None
    names = " and ".join(f"{name} ({' and '.join(numbers)})" for name, numbers in ports.items())
    several = len(ports) > 1
    edges = " and ".join(dict.fromkeys(route.edge.name for route in routes))
    effect, severity = _worst(project, routes)
    wall = wall_before(project, tuple(route.port for route in routes))
    if wall is not None:
        effect, severity = (
            f", from inside the network alone: the firewall of its cloud opens other ports ({wall.path})",
            Severity.LOW,
        )
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="ports/application",
        message=f"{names} {'are' if several else 'is'} published on every interface of the host beside {edges}, which "
        f"forwards to {'them' if several else 'it'}: visitors get in past the proxy{effect}.",
        expected="no `ports` for what the proxy reaches over the network of the stack, or 127.0.0.1 before the port",
        actual="no host address (all interfaces)",
        locations=tuple(dict.fromkeys(route.port.location for route in routes)),
        related=tuple(dict.fromkeys(route.place for route in routes)),
        severity=severity,
        environment=stack.environment,
    )


def _passed_gap(project: Project, stack: Stack, passed: list[Passed]) -> Gap:
    names = " and ".join(dict.fromkeys(f"{item.service.name} ({item.port.number})" for item in passed))
    several = len({item.service.name for item in passed}) > 1
    pages = " and ".join(dict.fromkeys(item.place.path for item in passed))
    effect = _forging(project, [item.service for item in passed]) or _PLAIN
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="ports/behind-the-host",
        message=f"{names} {'are' if several else 'is'} published on every interface of the host, where {pages} has people put "
        f"a proxy before {'them' if several else 'it'}: visitors get in past it{effect}, because Docker's own rules come "
        "before a host firewall such as ufw.",
        expected="127.0.0.1 before the port: the proxy of the host reaches it there",
        actual="no host address (all interfaces)",
        locations=tuple(dict.fromkeys(item.port.location for item in passed)),
        related=tuple(dict.fromkeys(item.place for item in passed)),
        severity=Severity.MEDIUM if any(item.exact for item in passed) else Severity.LOW,
        closers=(Closer(None, "advice", "Write 127.0.0.1 before the port in the file that production starts."),),
        environment=stack.environment,
    )


RULE = Rule(
    code="NET007",
    name="application-beside-its-proxy",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Take the port out (the proxy reaches the service by its name), or write 127.0.0.1 before it; where only "
            "development needs it, move it into docker-compose.override.yml.",
        ),
    ),
)
