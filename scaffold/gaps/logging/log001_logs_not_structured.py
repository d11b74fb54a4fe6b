"""LOG001: the served code writes its log lines as free text."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import is_below, owner_of_path
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import CodeFact, Project


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, tuple[Stack, Service, list[CodeFact]]] = {}
    for fact in project.code_facts:
        if fact.kind != "logging-text" or fact.reachable is False:
            continue
        owner = owner_of_path(project, fact.location.path)
        if owner is not None and not _writes_json(project, owner[1]):
            stack, service = owner
            found.setdefault(stack.resource(service.name), (stack, service, []))[2].append(fact)
    for resource, (stack, service, facts) in sorted(found.items(), key=lambda item: item[0]):
        yield RULE.gap(
            resource=resource,
            subject="log-format",
            message=f"{service.name} logs free text, so a log store can neither filter by field nor join lines of one request.",
            expected="one JSON object a line, with timestamp, level, logger and message",
            actual="a text format",
            locations=tuple(dict.fromkeys(fact.location for fact in facts)),
            environment=stack.environment,
        )


def _writes_json(project: Project, service: Service) -> bool:
    """Whether served code of the service's context can also log JSON, perhaps by a switch."""
    context = service.build.context if service.build and service.build.context is not None else ""
    return any(
        fact.kind in {"logging-json", "json-formatter"}
        and fact.reachable is not False
        and is_below(fact.location.path, context)
        for fact in project.code_facts
    )


RULE = Rule(
    code="LOG001",
    name="logs-not-structured",
    layer=Layer.LOGGING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the root handler a JSON formatter at the entry point (python-json-logger, structlog, pino), lines on stdout.",
        ),
    ),
)
