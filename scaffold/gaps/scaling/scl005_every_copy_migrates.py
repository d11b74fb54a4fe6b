"""SCL005: every copy of a service migrates the database when it starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import published_from
from scaffold.gaps.facts import listed
from scaffold.gaps.migrations import changes_of_spring, starting_services
from scaffold.gaps.signals import main_environment
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_copied
from scaffold.model.lasting import awaited_jobs
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_ENDS = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK})


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, list[Location]] = {}
    stack = project.main_stack
    if stack is None:
        return
    starts = {service.name: start for _, service, start in starting_services(project)}
    for service in stack.services:
        if service.role in _ENDS or service.name in awaited_jobs(stack):
            continue
        start = starts.get(service.name)
        places = (start.migrating if start else []) or (_in_code(project, service) if service.is_application else [])
        if places:
            found[service.name] = places
    if found:
        migrate = "migrates" if len(found) == 1 else "migrate"
        yield RULE.gap(
            resource=stack.resource(next(iter(found))),
            subject="migrations",
            message=f"{listed(found)} {migrate} the database whenever a copy starts: two that start together change the same"
            " tables, and a migration that fails or waits for a lock keeps every copy down.",
            expected="one job that migrates before the release, and copies that only serve",
            actual="migrations in the start of the service",
            locations=tuple(dict.fromkeys(place for places in found.values() for place in places)),
            environment=main_environment(project),
        )


def _in_code(project: Project, service: Service) -> list[Location]:
    """Return the code of the service's image that migrates whenever the program starts."""
    dockerfile = project.dockerfile(service.build.dockerfile if service.build else published_from(project, service))
    context = service.build.context if service.build else ""
    if context is None or dockerfile is None:
        return []
    target = service.build.target if service.build else ""
    builds = "\n".join(item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword == "RUN")
    found = []
    for fact in project.code_facts:
        word, _, tags = fact.detail.partition(" ")
        if fact.kind != "schema" or word not in {"applies-in-init", "applies-at-start"} or fact.reachable is False:
            continue
        if (not tags or ("-tags" in builds and tags in builds)) and is_copied(dockerfile, target, context, fact.location.path):
            found.append(fact.location)
    return found or [change for change in changes_of_spring(project) if is_copied(dockerfile, target, context, change.path)]


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
