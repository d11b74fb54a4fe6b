"""SCL003: a scheduler in several copies does every job several times."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, find, text_of
from scaffold.model.durability import dependency_names
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import words_of
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_EMBEDDED = regex(r"\bcelery\b.*\bworker\b.*(?:\s-B\b|\s--beat\b)", words=("celery",))
_LOCKS = frozenset({"celery-redbeat", "redbeat", "celery-singleton", "django-celery-beat-lock"})
_SCALE = regex(r"--scale[= ](?P<name>[\w.-]+)=(?P<count>\d+)")


def _detect(project: Project) -> Iterator[Gap]:
    if _LOCKS & dependency_names(project):
        return iter(())
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        embedded = bool(_EMBEDDED.search(words_of(service)))
        copies = (
            copies_of(project, service) if (embedded or service.role is Role.SCHEDULER) and not _is_locked(service) else None
        )
        if copies:
            yield _gap(stack, service, *copies, embedded=embedded)
        elif embedded and not _is_locked(service) and stack.is_runnable_in_production:
            yield _embedded_gap(stack, service)


def _is_locked(service: Service) -> bool:
    return "redbeat" in words_of(service).lower()


def copies_of(project: Project, service: Service) -> tuple[str, Location] | None:
    """Return what runs a service more than once, and where that stands."""
    for route in (("deploy", "replicas"), ("scale",)):
        node = find(service.node, *route)
        count = text_of(node)
        if node is not None and count.isdigit() and int(count[:6]) > 1:
            return f"{'.'.join(route)}: {count}", node.location
    mode = find(service.node, "deploy", "mode")
    if mode is not None and text_of(mode) == "global":
        return "one on each node (deploy.mode: global)", mode.location
    for command in project.commands:
        for match in _SCALE.finditer(command.text):
            if match["name"] == service.name and int(match["count"][:6]) > 1:
                return f"--scale {service.name}={match['count']}", command.location
    return None


def _gap(stack: Stack, service: Service, words: str, place: Location, *, embedded: bool) -> Gap:
    what = "runs the scheduler inside the worker" if embedded else "is a scheduler"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="copies",
        message=f"{service.name} {what} and runs in several copies ({words}): every job is done that many times.",
        expected="one copy, or a scheduler with a lock",
        actual=words,
        locations=(place,),
        related=(service.command_location or service.location,),
        environment=stack.environment,
    )


def _embedded_gap(stack: Stack, service: Service) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="embedded",
        message=f"{service.name} runs the scheduler inside the worker (-B): a second worker does every job twice, and while "
        "the only one restarts, nothing is scheduled.",
        expected="the scheduler as a service of its own",
        actual="celery worker -B",
        locations=(service.command_location or service.location,),
        severity=Severity.LOW,
        environment=stack.environment,
    )


RULE = Rule(
    code="SCL003",
    name="scheduler-may-run-twice",
    layer=Layer.SCALING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Run the scheduler as a service of its own with one copy, or use one that locks (RedBeat)."),
    ),
)
