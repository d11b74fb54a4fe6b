"""Proxies and ingresses that hand visitors on to a tool that asks nobody for a login."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.signals import foreign_infrastructure
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.known import known
from scaffold.model.label_routes import labels_of
from scaffold.model.names import TRIED
from scaffold.model.nginx import ConfigFile, Directive, parse_nginx
from scaffold.model.nginx_services import nginx_files
from scaffold.model.project import Project
from scaffold.model.regex import regex

_GUARDS = frozenset({"auth_basic", "auth_request", "auth_jwt", "allow", "deny", "internal", "ssl_verify_client", "satisfy"})
_UPSTREAM = regex(r"https?://(?P<host>[\w.-]+)(?::(?P<port>\d+))?")
_ROUTER = regex(r"traefik\.http\.routers\.(?P<name>[^.]+)\.(?P<key>rule|middlewares)")
_NEARBY = regex(r"localhost|127\.0\.0\.1|\.(?:local|test|internal|lan)\b")
_INGRESS = regex(r"(?m)^kind:[ \t]*Ingress\b")
_BACKEND = regex(
    r"\n[ \t]+service:[ \t]*\n[ \t]+name:[ \t]*+(?P<name>[^\n]*(?<![a-z])(?P<tool>ollama|prometheus|alertmanager|jaeger"
    r"|zipkin|pushgateway|kafdrop|cadvisor|vllm)(?![a-z])[^\n]*)"
)
"""Tools that ask for no login as they come."""
_ASKS = regex(r"(?i)auth|whitelist|allow-?list|source-?range|middlewares")


def forwarding_line(project: Project, stack: Stack, tool: Service, ports: frozenset[int]) -> Location | None:
    """Return the line by which a published proxy of the stack hands visitors on to a tool, None where none or one asks."""
    labelled = _by_labels(tool)
    if labelled is not None:
        return labelled
    for edge, files in known(_published_proxies, project, stack):
        for file in files if edge.name != tool.name else ():
            if not any(name in file.text for name in tool.names):
                continue
            tree = parse_nginx(file.text)
            place = next(_passes(tree, frozenset(tool.names), ports, frozenset(_groups(tree))), None) if tree else None
            if place is not None:
                return Location(file.path, place.line, place.column)
    return None


def _published_proxies(project: Project, stack: Stack) -> tuple[tuple[Service, list[ConfigFile]], ...]:
    """Return the published services that hand on what they get, with the files that say so."""
    services = (service for service in stack.services if service.ports)
    found = ((item, [file for file in nginx_files(project, item) if "proxy_pass" in file.text]) for item in services)
    return tuple((service, files) for service, files in found if files)


def _passes(
    block: tuple[Directive, ...], hosts: frozenset[str], ports: frozenset[int], groups: frozenset[str]
) -> Iterator[Directive]:
    """Yield the directives that forward to one of the hosts, below no directive that asks who comes."""
    if any(item.name in _GUARDS and item.arguments[:1] != ("off",) for item in block):
        return
    for item in block:
        if item.name == "proxy_pass" and item.arguments:
            match = _UPSTREAM.match(item.arguments[0])
            if match and match["host"] in hosts and match["host"] not in groups and int(match["port"] or 80) in ports:
                yield item
        elif item.block is not None and item.name in {"http", "server", "location"}:
            yield from _passes(item.block, hosts, ports, groups)


def _groups(block: tuple[Directive, ...]) -> Iterator[str]:
    for item in block:
        if item.name == "upstream":
            yield from item.arguments[:1]
        elif item.name == "http":
            yield from _groups(item.block or ())


def _by_labels(tool: Service) -> Location | None:
    """Return the place of the labels by which Traefik publishes a tool, where no router of it names a middleware."""
    labels = dict(labels_of(tool))
    if labels.get("traefik.enable", "").lower() == "false":
        return None
    keys = {(match["name"], match["key"]): value for name, value in labels.items() if (match := _ROUTER.fullmatch(name))}
    rules = {name: value for (name, key), value in keys.items() if key == "rule" and not _NEARBY.search(value)}
    if not rules or any(key == "middlewares" for _, key in keys):
        return None
    node = tool.node.get("labels")
    return node.location if node is not None else tool.location


def open_backends(project: Project) -> Iterator[tuple[str, Location]]:
    """Yield the tools that an Ingress of people's manifests or charts leads to, where no word of it asks who comes."""
    for item in foreign_infrastructure(project):
        text = project.source(item.path) or ""
        if "Ingress" not in text or not _INGRESS.search(text) or is_test_path(item.path):
            continue
        chart = item.path.partition("/templates/")[0]
        values = [path for path in project.files if path.startswith(f"{chart}/values")] if chart != item.path else []
        annotations = "\n".join(_annotations(project.source(path) or "") for path in values)
        if _ASKS.search(text) or _ASKS.search(annotations) or path_environment(item.path) in TRIED:
            continue
        for match in _BACKEND.finditer(text):
            yield match["tool"], Location.at_offset(item.path, text, match.start("name"))


def _annotations(text: str) -> str:
    """Return the part of a chart's values that speaks of its Ingress."""
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if line.strip() == "ingress:"), None)
    return "\n".join(lines[start : start + 30]) if start is not None else ""
