"""SCL005: every copy of a service migrates the database when it starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.coverage import signals
from scaffold.gaps.facts import listed
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import awaited_jobs
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import migration_of

_STARTS = regex(r"\bup\s+(?:\S+\s+)*(?:-d|--detach)\b|\bstack\s+deploy\b|\bkubectl\s+(?:apply|set)\b|\bhelm\s+upgrade\b")
_ENDS = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK})


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, tuple[Location, ...]] = {}
    stack = project.main_stack
    if stack is None:
        return
    for service in stack.services:
        if service.role not in _ENDS and service.name not in awaited_jobs(stack) and (how := migration_of(project, service)):
            found[service.name] = how.places
    if found:
        migrate = "migrates" if len(found) == 1 else "migrate"
        yield RULE.gap(
            resource=stack.resource(next(iter(found))),
            subject="migrations",
            message=f"{listed(found)} {migrate} the database whenever a copy starts: two that start together change the same"
            " tables, and a migration that fails or waits for a lock keeps every copy down."
            f"{_without_a_copy(project)}",
            expected="one job that migrates before the release, and copies that only serve",
            actual="migrations in the start of the service",
            locations=tuple(dict.fromkeys(place for places in found.values() for place in places)),
            environment=main_environment(project),
        )


def _without_a_copy(project: Project) -> str:
    """Return the words for an update before which nothing copies the data: what starts the stack backs nothing up."""
    if not durable_stores(project):
        return ""
    copying = {signal.location.path for signal in signals(project) if not signal.image}
    updating = {
        command.location.path for command in project.commands if command.context != "doc" and _STARTS.search(command.text)
    }
    return "" if copying & updating else " Nothing here copies the data before an update does so."


RULE = Rule(
    code="SCL005",
    name="every-copy-migrates",
    layer=Layer.SCALING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Move the migration into a one-shot service that the others wait for, or into a job of the deployment.",
        ),
    ),
)
