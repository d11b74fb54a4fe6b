"""NET002: a tool that asks for no login is published on every interface of the host."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

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
}
"""Image names with the ports that answer anybody, and the words by which a login is turned on."""
_WORKERS = ("flower",)
"""Tools that are a command of the application's own image."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found = [
        (service.name, port.location)
        for service in stack.services
        for tool in (_tool(service),)
        if tool and not service.network_mode.startswith("host") and not _asks_for_login(service, tool)
        for port in open_ports(project, service)
        if port.target in _TOOLS[tool][0] and port.location.path not in project.owned
    ]
    if found:
        yield _gap(stack, found)


def _tool(service: Service) -> str:
    if service.image and service.image.name in _TOOLS:
        return service.image.name
    words = " ".join(service.command or ()).split()
    return next((name for name in _WORKERS if name in words and "celery" in words), "")


def _asks_for_login(service: Service, tool: str) -> bool:
    words = " ".join((*(service.entrypoint or ()), *(service.command or ()), *(entry.name for entry in service.environment)))
    return any(word in words for word in _TOOLS[tool][1])


def _gap(stack: Stack, found: list[tuple[str, Location]]) -> Gap:
    names = list(dict.fromkeys(name for name, _ in found))
    verb = "asks" if len(names) == 1 else "ask"
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject="ports/tools",
        message=f"{' and '.join(names)} {verb} for no login and can be reached on every interface of the host: "
        "whoever reaches the host sees the inside of the system.",
        expected="127.0.0.1 before the port, or a proxy with a login",
        actual="no host address (all interfaces)",
        locations=tuple(dict.fromkeys(place for _, place in found)),
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
