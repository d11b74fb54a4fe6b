"""NET002: a tool that asks for no login is published on every interface of the host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once
from scaffold.gaps.network.cloud_firewall import wall_before
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import Port, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import words_of
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TOOLS: dict[str, tuple[frozenset[int], tuple[str, ...]]] = {
    "prometheus": (frozenset({9090}), ("--web.config.file",)),
    "alertmanager": (frozenset({9093}), ("--web.config.file",)),
    "node-exporter": (frozenset({9100}), ("--web.config.file",)),
    "cadvisor": (frozenset({8080}), ("--http_auth_file", "--http_digest_file")),
    "flower": (frozenset({5555}), ("--basic_auth", "--basic-auth", "--auth", "FLOWER_BASIC_AUTH", "FLOWER_AUTH")),
    "all-in-one": (frozenset({16686}), ()),
    "jaeger": (frozenset({16686}), ()),
    "redis-commander": (frozenset({8081}), ("HTTP_USER",)),
    "dozzle": (frozenset({8080}), ("DOZZLE_AUTH_PROVIDER",)),
    "kafka-ui": (frozenset({8080}), ("AUTH_TYPE",)),
    "attu": (frozenset({3000}), ()),
    "redisinsight": (frozenset({5540}), ()),
    "loki": (frozenset({3100}), ()),
    "tempo": (frozenset({3200}), ()),
    "alloy": (frozenset({12345}), ()),
    "zipkin": (frozenset({9411}), ()),
    "kafdrop": (frozenset({9000}), ()),
    "ollama": (frozenset({11434}), ()),
    "mlflow": (frozenset({5000}), ("basic-auth",)),
    "pgweb": (frozenset({8081}), ("--auth-user", "PGWEB_AUTH_USER")),
    "registry": (frozenset({5000}), ("REGISTRY_AUTH",)),
    "pushgateway": (frozenset({9091}), ("--web.config.file",)),
    "netdata": (frozenset({19999}), ()),
    "consul": (frozenset({8500}), ("acl", "CONSUL_LOCAL_CONFIG")),
    "graphql-engine": (frozenset({8080}), ("HASURA_GRAPHQL_ADMIN_SECRET", "--admin-secret")),
    "grafana": (frozenset({3000}), ()),
    "grafana-oss": (frozenset({3000}), ()),
    "traefik": (frozenset({8080}), ()),
}
"""Image names with the ports that answer anybody, and the words by which a login is turned on."""
_OPENED: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("grafana", "grafana-oss"), regex(r"\bGF_AUTH_ANONYMOUS_ENABLED=true\b", re.IGNORECASE)),
    "traefik": regex(r"--api\.insecure(?:=true)?(?=\s|$)|\bTRAEFIK_API_INSECURE=true\b", re.IGNORECASE),
}
"""Tools that ask for a login, or show nothing, until somebody says otherwise."""
_WORKERS = ("flower",)
"""Tools that are a command of the application's own image."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found = [
        (service.name, port)
        for service in stack.services
        for tool in (_tool(service),)
        if tool and not service.network_mode.startswith("host") and not _asks_for_login(service, tool)
        for port in open_ports(project, service)
        if port.target in _TOOLS[tool][0] and port.location.path not in project.owned
    ]
    if found:
        yield _gap(project, stack, found)


def _tool(service: Service) -> str:
    # Other images may be called so too: a registry of services, of events.
    is_other = service.image is not None and service.image.name == "registry" and "/" in service.image.repository
    if service.image and service.image.name in _TOOLS and not is_other:
        opened = _OPENED.get(service.image.name)
        return service.image.name if opened is None or opened.search(_settings(service)) else ""
    words = " ".join(service.command or ()).split()
    return next((name for name in _WORKERS if name in words and "celery" in words), "")


def _settings(service: Service) -> str:
    values = (f"{entry.name}={entry.value or ''}" for entry in service.environment)
    return " ".join((words_of(service), *values))


def _asks_for_login(service: Service, tool: str) -> bool:
    words = " ".join((*(service.entrypoint or ()), *(service.command or ()), *(entry.name for entry in service.environment)))
    return any(word in words for word in _TOOLS[tool][1])


def _gap(project: Project, stack: Stack, found: list[tuple[str, Port]]) -> Gap:
    wall = wall_before(project, tuple(port for _, port in found))
    inside = f" from inside its network alone (the firewall of its cloud opens other ports, {wall.path})" if wall else ""
    names = list(dict.fromkeys(name for name, _ in found))
    verb = "asks" if len(names) == 1 else "ask"
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="ports/tools",
        message=f"{' and '.join(names)} {verb} for no login and can be reached on every interface of the host: "
        f"whoever reaches the host{inside} sees the inside of the system.",
        expected="127.0.0.1 before the port, or a proxy with a login",
        actual="no host address (all interfaces)",
        locations=tuple(dict.fromkeys(port.location for _, port in found)),
        severity=Severity.LOW if wall else None,
        environment=stack.environment,
    )


RULE = Rule(
    code="NET002",
    name="tool-without-login-published",
    layer=Layer.NETWORK,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Bind the port to 127.0.0.1 and reach it through an SSH tunnel, or put it behind a proxy that asks for a login.",
        ),
    ),
)
