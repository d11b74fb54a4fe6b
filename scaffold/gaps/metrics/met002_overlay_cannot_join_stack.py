"""MET002: a monitoring overlay that runs neither alone nor together with the stack that it should watch."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import neighbours
from scaffold.gaps.signals import LOGGING_TOOLS, METRICS_TOOLS, runs_tool
from scaffold.model.compose import Dependency, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_TOOLS = METRICS_TOOLS | LOGGING_TOOLS | {"grafana", "alertmanager"}


def _detect(project: Project) -> Iterator[Gap]:
    for stack in project.stacks:
        tools = [service for service in stack.services if runs_tool(project, service, _TOOLS)]
        if stack.complete or not tools or set(stack.files) <= project.owned:
            continue
        missing = _missing(project, stack)
        if missing:
            yield _gap(stack, tools, missing)


def _missing(project: Project, stack: Stack) -> tuple[tuple[Service, Dependency], ...]:
    """Return the dependencies on services that neither the overlay nor its base has."""
    known = {service.name for service in neighbours(project, stack)}
    return tuple((s, edge) for s in stack.services for edge in s.depends_on if edge.required and edge.service not in known)


def _gap(stack: Stack, tools: list[Service], missing: tuple[tuple[Service, Dependency], ...]) -> Gap:
    path = tools[0].location.path
    wanted = ", ".join(dict.fromkeys(edge.service for _, edge in missing))
    external = tuple(network for network in stack.networks if network.external)
    joined = f"; it also joins {', '.join(network.name for network in external)}, which it does not create" if external else ""
    return RULE.gap(
        resource=path,
        subject="overlay",
        message=f"{path} runs neither alone nor with the app: no file beside it has {wanted}, on which it depends{joined}.",
        expected="dependencies and networks of the stack that it watches",
        actual=f"unknown: {wanted}",
        locations=tuple(edge.location for _, edge in missing),
        related=tuple(network.location for network in external),
        environment=stack.environment,
    )


RULE = Rule(
    code="MET002",
    name="overlay-cannot-join-stack",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Name the services and networks of the app's compose file in it, or remove it where another overlay is in use.",
        ),
    ),
)
