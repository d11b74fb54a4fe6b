"""SCL005: every copy of a service migrates the database when it starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import listed
from scaffold.gaps.migrations import RUNS, starting_services
from scaffold.gaps.signals import is_below, main_environment
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import awaited_jobs
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_ENDS = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK})


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, list[Location]] = {}
    resource = ""
    for stack, service, start in starting_services(project):
        if service.role in _ENDS or service.name in awaited_jobs(stack) or stack is not project.main_stack:
            continue
        places = [place for line, place in start.taken() if RUNS.search(line)] or _in_code(project, service)
        if places:
            resource = resource or stack.resource(service.name)
            found[service.name] = places
    if found:
        names = listed(found)
        yield RULE.gap(
            resource=resource,
            subject="migrations",
            message=f"{names} migrates the database whenever a copy starts: two that start together change the same tables,"
            " and a migration that fails or waits for a lock keeps every copy down.",
            expected="one job that migrates before the release, and copies that only serve",
            actual="migrations in the start of the service",
            locations=tuple(dict.fromkeys(place for places in found.values() for place in places)),
            environment=main_environment(project),
        )


def _in_code(project: Project, service: Service) -> list[Location]:
    """Return the Go code of the service that migrates whenever the program starts, where its image is built with its tags."""
    context = service.build.context if service.build else None
    dockerfile = project.image_of(service)
    if context is None or dockerfile is None:
        return []
    builds = "\n".join(item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
    found = []
    for fact in project.code_facts:
        if fact.kind == "schema" and fact.detail.startswith("applies-in-init") and is_below(fact.location.path, context):
            tags = fact.detail.partition(" ")[2]
            if not tags or ("-tags" in builds and tags in builds):
                found.append(fact.location)
    return found


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
