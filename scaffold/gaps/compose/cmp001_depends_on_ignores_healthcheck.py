"""CMP001: a service starts without waiting for the healthcheck that its dependency has."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.compose.cmp003_healthcheck_cannot_pass_or_fail import is_mendable
from scaffold.gaps.compose.health_faults import health_faults
from scaffold.gaps.facts import edges, health_source, judged_stacks, once
from scaffold.model.compose import Dependency, Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Role, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_WAITS_ITSELF = regex(r"wait[-_]?for|dockerize|wait-on", re.IGNORECASE)
_LOOP = regex(r"\b(?:until\b|while\s+!|while\s+true\b|for\s+\w+\s+in\b)")
_LOOP_LINES = 4
"""Lines below the head of a loop in which it asks for the store."""
_ASKS = regex(r"\b(?:nc|ncat|curl|wget|nslookup|python\d?|node|php)\b|/dev/tcp/")
_CLIENTS = {
    Role.POSTGRES: regex(r"\bpg_isready\b|\bpsql\b"),
    Role.MYSQL: regex(r"\b(?:mysqladmin|mariadb-admin|mysql|mariadb)\b\s"),
    Role.REDIS: regex(r"\b(?:redis|valkey)-cli\b"),
    Role.MONGO: regex(r"\b(?:mongosh|mongo)\b\s"),
    Role.BROKER: regex(r"\brabbitmq(?:ctl|-diagnostics|admin)\b"),
}
"""The programs that ask a store whether it answers."""
_PATIENT = frozenset({Role.MONITORING, Role.LOGGING, Role.TRACING, Role.ADMIN_UI, Role.E2E})
"""Roles that ask again by themselves, or that no user waits for."""
_MEND_FIRST = Closer(
    None,
    "advice",
    "Mend the dependency's healthcheck first, then set `condition: service_healthy`: with this check it would never start.",
)


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service, edge in edges(stack):
        target = stack.service(edge.service)
        if target is None or edge.condition != "service_started" or not edge.required or target.has_role(Role.ONE_SHOT):
            continue
        if health_source(project, target) and not start_waits(project, service, target):
            yield _gap(project, stack, service, edge, target)


def start_waits(project: Project, service: Service, target: Service) -> bool:
    """Whether a script of the service's start asks in a loop, or by a program that waits, until the dependency answers."""
    start = start_of(project, service)
    lines = [line for line, _ in start.lines] if start else []
    named = regex(rf"(?<![\w.-])(?:{'|'.join(re.escape(name) for name in target.names)})(?![\w-])")
    client = _CLIENTS.get(target.role) if target.role else None
    for number, line in enumerate(lines):
        block = " ".join(lines[number : number + _LOOP_LINES])
        if _WAITS_ITSELF.search(line) and named.search(line):
            return True
        if _LOOP.search(line) and ((client and client.search(block)) or (_ASKS.search(block) and named.search(block))):
            return True
    return False


def _gap(project: Project, stack: Stack, service: Service, edge: Dependency, target: Service) -> Gap:
    source = health_source(project, target)
    faults = [fault for fault in health_faults(project, target) if fault.effect != "wait"]
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"depends_on/{target.name}",
        message=f"{service.name} starts as soon as {target.name}'s container exists, not when {target.name} answers.",
        expected="condition: service_healthy",
        actual="no condition (service_started)" if edge.short_form else "condition: service_started",
        locations=(edge.location,),
        related=(source.location,) if source else (),
        severity=_severity(service, target),
        environment=stack.environment,
        closers=(_MEND_FIRST,) if faults and not is_mendable(project, target) else None,
        blocked_by=("CMP003",) if faults else (),
        called=f"{service.name} → {target.name}",
    )


def _severity(service: Service, target: Service) -> Severity:
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    if _WAITS_ITSELF.search(words) or service.role in _PATIENT:
        return Severity.LOW
    return Severity.MEDIUM if target.is_datastore or target.role is Role.WEB else Severity.LOW


RULE = Rule(
    code="CMP001",
    name="depends-on-ignores-healthcheck",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    cause=Cause.STACK,
)
