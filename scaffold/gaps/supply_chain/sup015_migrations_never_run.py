"""SUP015: the repository keeps migrations, and nothing that brings a release to production runs them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow
from scaffold.gaps.facts import is_test_path
from scaffold.gaps.migrations import Versions, kept_versions, may_be_run, starting_services
from scaffold.gaps.signals import main_services
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, is_below

_SERVERS = regex(
    r"\b(?:gunicorn|uvicorn|hypercorn|daphne|granian|uwsgi|waitress-serve|fastapi\s+run|flask\s+run|puma|unicorn|rails\s+s(?:erver)?"
    r"|php-fpm|apache2-foreground|node\s+\S+|next\s+start|nest\s+start)\b"
)
_BY_HAND = regex(r"\bcompose\b[^\n]*?\s(?:run|exec)\s+(?:-{1,2}\S+\s+)*(?P<service>[\w.-]+)\s")
_DEPLOYMENT_PAGE = regex(r"(?i)deploy|production|install|operations|release|upgrad")


def _detect(project: Project) -> Iterator[Gap]:
    if project.production_stack is None or project.other_ci or calls_remote_workflow(project):
        return
    if any(item.kind == "paas" for item in project.infrastructure):
        return
    versions = list(kept_versions(project))
    shown = [] if versions else list(_shown_by_pages(project))
    if not (versions or shown) or may_be_run(project):
        return
    for kept in versions:
        owner = _owner(project, kept)
        if owner:
            yield _gap(project, kept, *owner)
    yield from shown[:1]


def _shown_by_pages(project: Project) -> Iterator[Gap]:
    """Yield the service of an image of others whose migrations a page has people run in a container beside it."""
    pages = [item for item in project.commands if item.context == "doc" and item.location.path not in project.owned]
    for command in pages:
        match = _BY_HAND.search(command.text) if RUNS.search(command.text) else None
        for stack, service in main_services(project) if match else ():
            if match and service.name == match["service"] and service.build is None:
                yield RULE.gap(
                    resource=stack.resource(service.name),
                    subject="migrations/by-hand",
                    message=f"The migrations of {service.name} are a command that people type after each update: nothing of the"
                    " stack runs them, and a new image meets the old tables until somebody does.",
                    expected="a one-shot service of the same image that the others wait for",
                    actual="a command on a page",
                    locations=(command.location,),
                    related=(service.location,),
                    severity=Severity.LOW,
                    environment=stack.environment,
                )


def _owner(project: Project, kept: Versions) -> tuple[Stack, Service, Location] | None:
    """Return the first service that serves the code beside the migrations, and whose whole start is known."""
    for stack, service, start in starting_services(project):
        context = service.build.context if service.build else None
        if context is not None and is_below(kept.folder, context) and start.known and _SERVERS.search(start.text):
            return stack, service, start.lines[0][1]
    return None


def _gap(project: Project, kept: Versions, stack: Stack, service: Service, place: Location) -> Gap:
    theirs = [item for item in project.commands if item.location.path not in project.owned]
    by_hand = [
        item
        for item in theirs
        if item.context in {"doc", "makefile", "package"} and RUNS.search(item.text) and not is_test_path(item.location.path)
    ]
    pages = [
        item.location
        for item in theirs
        if item.context == "doc" and RUNS.search(item.text) and _DEPLOYMENT_PAGE.search(item.location.path)
    ]
    tail = "people run it by hand" if by_hand or pages else "no command names it"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"migrations/{kept.tool.lower()}",
        message=f"{service.name} starts its server at once, and nothing on the way to production runs the {kept.tool}"
        f" migrations in {kept.folder}: {tail}. A release that needs a new column meets the old tables.",
        expected="a step of the release that runs them once, before the new containers start",
        actual=tail,
        locations=(place,),
        related=(Location(kept.first, 1), *pages, *(item.location for item in by_hand)),
        severity=Severity.LOW if pages else Severity.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="SUP015",
    name="migrations-never-run",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add a one-shot service or a job of the deployment that runs the migrations, and let the others wait for its end.",
        ),
    ),
)
