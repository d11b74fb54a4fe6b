"""CMP026: a job of the stack migrates the database, and services of that database start beside it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, listed, once
from scaffold.gaps.migrations import MAY_RUN
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, start_of

_ENDS = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK, Role.ADMIN_UI})
_WAITS = regex(r"(?i)wait|migrat|alembic|upgrade|until\b")
"""Words of a service that waits for the tables by itself, or migrates as well."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for job in stack.services:
        if not _migrates_and_ends(project, job) or _is_run_before(project, job):
            continue
        needing = [service for service in stack.services if _needs(stack, service, job)]
        unaware = [service for service in needing if not _follows(stack, service, job) and not _waits(project, service)]
        if unaware:
            yield _gap(stack, job, unaware)


def _migrates_and_ends(project: Project, job: Service) -> bool:
    """Whether a service is a job that does nothing but migrate."""
    if job.role is not Role.ONE_SHOT or job.restart in {"always", "unless-stopped"}:
        return False
    start = start_of(project, job)
    words = f"{job.name} {' '.join((*(job.entrypoint or ()), *(job.command or ())))}"
    return bool((start and RUNS.search(start.text)) or MAY_RUN.search(words))


def _is_run_before(project: Project, job: Service) -> bool:
    """Whether a command starts the job by its name, so that the others may start later."""
    return any(
        job.name in command.text.split() and "compose" in command.text.lower()
        for command in project.commands
        if command.context != "doc"
    )


def _needs(stack: Stack, service: Service, job: Service) -> bool:
    """Whether a service that runs on works on the database which the job migrates, and starts together with it."""
    if not service.is_application or service.name == job.name or service.role in _ENDS:
        return False
    if job.profiles and not set(service.profiles) & set(job.profiles):
        return False
    return bool(_stores(stack, service) & _stores(stack, job))


def _stores(stack: Stack, service: Service) -> frozenset[str]:
    """Return the databases that a service starts after."""
    targets = (stack.service(edge.service) for edge in service.depends_on)
    return frozenset(item.name for item in targets if item and item.role in {Role.POSTGRES, Role.MYSQL, Role.MONGO})


def _follows(stack: Stack, service: Service, job: Service) -> bool:
    """Whether a service has an edge to the job, or to one that has: CMP004 judges what the edge waits for."""
    seen: set[str] = set()
    pending = [service.name]
    while pending:
        name = pending.pop()
        if name == job.name:
            return True
        other = stack.service(name) if name not in seen else None
        seen.add(name)
        pending += [edge.service for edge in other.depends_on] if other else []
    return False


def _waits(project: Project, service: Service) -> bool:
    start = start_of(project, service)
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    return bool(_WAITS.search(f"{words} {start.text if start else ''}"))


def _gap(stack: Stack, job: Service, unaware: list[Service]) -> Gap:
    names = listed(service.name for service in unaware)
    return RULE.gap(
        resource=stack.resource(job.name),
        subject="migrations/awaited",
        message=f"{job.name} migrates the database, and {names} {'starts' if len(unaware) == 1 else 'start'} beside it: a new"
        " release meets the old tables until it is done, and goes on when it has failed.",
        expected=f"depends_on: {job.name}, with condition: service_completed_successfully",
        actual="no edge to the job",
        locations=(job.location, *(service.location for service in unaware)),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP026",
    name="migration-not-awaited",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let the services that use the database depend on the job with `condition: service_completed_successfully`.",
        ),
    ),
)
