"""Which paths of the app lead to another service, as the project's own nginx says it: the Ingress has the same routes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.nginx import Directive, parse_nginx, walk
from scaffold.model.nginx_services import nginx_files
from scaffold.model.regex import regex
from scaffold.model.workload import Note, PathRoute, WorkloadPort
from scaffold.plan.workloads.scope import Scope

_PASSED = regex(r"https?://(?P<host>[\w.-]+)(?::(?P<port>\d+))?")
_PREFIX = regex(r"(?:/[\w.~-]+)+/?")
_SERVED = frozenset({Role.WEB, Role.FRONTEND, Role.PROXY, Role.ML_INFERENCE})
_PASSES = regex(r"\b(?:proxy|fastcgi|uwsgi|grpc)_pass\b", words=("_pass",))
_FROM_VARIABLES = regex(r"\b(?:proxy|fastcgi|uwsgi|grpc)_pass\s+(?:\w+://)?\$|\$\{", words=("$",))
_WORD = regex(r"[\w.-]+")
_CHANGES = frozenset(
    {"rewrite", "auth_basic", "auth_request", "sub_filter", "internal", "allow", "deny", "limit_req", "return"}
)
"""What a location does beside passing on, and a load balancer would not."""


@frozen
class _Passed:
    """A location that passes requests on as they are: its prefix, and the host and port they go to."""

    path: str
    host: str
    port: int


def plan_paths(scope: Scope, ports: dict[str, tuple[WorkloadPort, ...]]) -> tuple[PathRoute, ...]:
    """Return the routes by path before each user interface or left-out proxy, to services that are published themselves.

    A proxy that stays routes by itself. What is not published is reached through the user interface, as under Compose.
    """
    kept = {service.name for service in scope.kept}
    found: dict[tuple[str, str], PathRoute] = {}
    for service in scope.stack.services:
        stays = service.name in kept
        if service.role is Role.FRONTEND if stays else service.role is Role.PROXY:
            for passed in _locations(service, scope):
                target = scope.stack.resolve_host(passed.host)
                port = _published(ports.get(target.name, ()), passed.port) if target and target.name != service.name else 0
                if target is not None and port:
                    front = scope.names[service.name] if stays else ""
                    route = PathRoute(front, passed.path.rstrip("/"), scope.names[target.name], port)
                    found.setdefault((front, route.path), route)
    return tuple(found[key] for key in sorted(found))


def unrouted_notes(scope: Scope, ports: dict[str, tuple[WorkloadPort, ...]]) -> Iterator[Note]:
    """Yield what is published under Compose beside a proxy whose configuration does not name it: the Ingress leads to the
    proxy alone. Nothing where the configuration is not known, or takes its hosts from variables.
    """
    served = [(service, _http(ports.get(service.name, ()))) for service in scope.kept if service.role in _SERVED]
    proxies = [service for service, port in served if port and service.role is Role.PROXY]
    files = nginx_files(scope.project, proxies[0]) if len(proxies) == 1 else ()
    text = "\n".join(file.text for file in files)
    if not _PASSES.search(text) or _FROM_VARIABLES.search(text):
        return
    named = set(_WORD.findall(text))
    for service, port in served:
        if port and service is not proxies[0] and not named & set(service.names):
            name, proxy = scope.names[service.name], scope.names[proxies[0].name]
            yield Note(
                service.name,
                "ports",
                f"its port {port} is published under Compose, and the Ingress leads to {proxy} alone, which does not name"
                f" it ({files[0].path}): nobody outside reaches it in the cluster. Where somebody should, pass it on there,"
                f" or add it to ingress.routes of the values (workload {name}, port {port}, subdomain {name})",
                service.location,
                urgent=True,
            )


def _http(ports: tuple[WorkloadPort, ...]) -> int:
    return next((port.port for port in ports if port.name == "http" and port.published), 0)


def _published(ports: tuple[WorkloadPort, ...], wanted: int) -> int:
    return next((port.port for port in ports if port.published and port.port == wanted), 0)


def _locations(service: Service, scope: Scope) -> Iterator[_Passed]:
    for file in nginx_files(scope.project, service):
        tree = parse_nginx(file.text) or ()
        groups = {item.arguments[0]: item for item in walk(tree) if item.name == "upstream" and item.arguments}
        for server in (item for item in walk(tree) if item.name == "server" and item.block is not None):
            for location in server.of("location"):
                found = _passed(location, groups)
                if found is not None and _PREFIX.fullmatch(found.path):
                    yield found


def _passed(location: Directive, groups: dict[str, Directive]) -> _Passed | None:
    """Return where a location of a plain prefix sends its requests; None for patterns, and where it changes something."""
    path = location.arguments[-1] if location.arguments[:1] in {(location.arguments[-1],), ("^~",)} else ""
    passes = location.of("proxy_pass")
    inside = {item.name for item in walk(location.block or ())}
    match = _PASSED.fullmatch(passes[0].arguments[0]) if len(passes) == 1 and passes[0].arguments else None
    if not path or match is None or inside & _CHANGES:
        return None
    group = groups.get(match["host"])
    if group is None:
        return _Passed(path, match["host"], int(match["port"] or 80))
    servers = [item.arguments[0] for item in group.of("server") if item.arguments]
    host, _, port = servers[0].partition(":") if len(servers) == 1 else ("", "", "")
    return _Passed(path, host, int(port) if port.isdecimal() else 80) if host else None
