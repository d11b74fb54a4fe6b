"""SCL003: a scheduler in several copies does every job several times."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, may_run_in_production, once
from scaffold.gaps.scaling.copies import Copies, copies_of, copies_of_program
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.durability import dependency_names
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_served
from scaffold.model.lasting import words_of
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex

_EMBEDDED = regex(r"\bcelery\b.*\bworker\b.*(?:\s-B\b|\s--beat\b)", words=("celery",))
_SWITCH = regex(r"(?i)schedul|cron|polling|run_?jobs|background_?jobs|leader|instance_id|node_app_instance")
"""Variables by which one copy alone keeps the schedule."""
_OWN_PROCESS = (
    "Start the schedule in a service of its own with one copy, out of the server's process; or have each job take a "
    "lock that all copies share (advisory lock of PostgreSQL, SET NX of Redis, ShedLock)."
)
_LOCKS = frozenset({"celery-redbeat", "redbeat", "celery-singleton", "django-celery-beat-lock"})


def _detect(project: Project) -> Iterator[Gap]:
    if not _LOCKS & dependency_names(project):
        yield from once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack))
    yield from _in_the_process(project)


def _in_the_process(project: Project) -> Iterator[Gap]:
    """Yield the programs that keep a schedule in their own process and run more than once."""
    facts = [fact for fact in project.code_facts if fact.kind == "own-schedule" and may_run_in_production(fact)]
    # A lock or a leader anywhere, or a switch by which one copy alone keeps the schedule, may be what this one asks.
    if not facts or any(fact.detail == "locked" for fact in facts) or any(_SWITCH.search(r.name) for r in project.env_reads):
        return
    told: set[str] = set()
    for fact in facts:
        copies = next(copies_of_program(project, fact), None) if is_served(fact.location.path) else None
        if copies is not None and copies.name not in told:
            told.add(copies.name)
            yield _own_gap(fact, copies)


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


def _own_gap(fact: CodeFact, copies: Copies) -> Gap:
    place = f"{fact.location.path}:{fact.location.line}"
    if fact.detail == "Telegram":
        keeps, twice = "asks Telegram for its messages itself", "Telegram refuses all copies but one (409 Conflict)."
    else:
        keeps, twice = "keeps a schedule in its own process", "every job is done that many times."
    return RULE.gap(
        resource=copies.name,
        subject="in-process",
        message=f"{copies.name} {keeps} ({fact.detail}, {place}) and runs more than once ({copies.words}): {twice}",
        expected="one process that keeps the schedule, or a lock that all copies ask",
        actual=copies.words,
        locations=(copies.place,),
        related=(fact.location,),
        environment=copies.environment,
        closers=(Closer(None, "advice", _OWN_PROCESS),),
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
