"""CMP003: a healthcheck that cannot pass, cannot fail, or passes before the service answers."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.compose.health_faults import Fault, health_faults
from scaffold.gaps.compose.plain_answers import looks_elsewhere, plain_answer
from scaffold.gaps.facts import HealthSource, dependants, health_source, in_words, judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Room, Severity
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project
from scaffold.model.same_checks import same_check

_EFFECTS = {
    "pass": "cannot pass",
    "fail": "cannot fail",
    "idle": "passes as long as the container runs",
    "refused": "tells no more than that the port answers",
    "wait": "passes too early",
    "blind": "does not reach the application",
    "deaf": "does not tell that the store is away",
}
_LACKS = " holds no "
_LOWER = {"wait": 2, "blind": 1, "idle": 1, "refused": 1}
"""Steps by which an effect counts less: one that passes too early does so for as long as the data is read, and one that the
server refuses fails where nothing listens.
"""
_ADVICE = Closer(
    None, "advice", "Write a check with a program that the image holds, against the port and path it serves today."
)
_ANSWER = Closer(
    None, "advice", "Answer 503 where the store cannot be reached, and keep a second route for whether the process lives."
)
_READINESS = Closer(
    None,
    "advice",
    "Keep the route for whether the process lives, and add a second one that asks each store briefly and answers 503 without"
    " it: point what waits, deploys or alarms at that one.",
)
_ORDER = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)


def is_mendable(project: Project, service: Service) -> bool:
    """Whether an edit can replace the service's healthcheck: it stands in a compose file and a passing one is known."""
    source = health_source(project, service)
    return source is not None and source.healthcheck is not None and _passing(project, service) is not None


def _passing(project: Project, service: Service) -> tuple[str, ...] | None:
    """Return a test that passes: what is known of the image, or the same question by a program that it holds."""
    lacking = all(_LACKS in fault.reason for fault in health_faults(project, service))
    return working_healthcheck(service) or (same_check(project, service) if lacking else None)


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        faults = health_faults(project, service)
        source = health_source(project, service)
        if faults and source:
            yield _gap(project, stack, service, source, faults)
        elif source:
            yield from _blind_to_stores(project, stack, service, source)


def _blind_to_stores(project: Project, stack: Stack, service: Service, source: HealthSource) -> Iterator[Gap]:
    """Yield a gap where a healthcheck is right for whether the process lives, and nothing tells whether it can serve."""
    answer = plain_answer(project, stack, service, source)
    if answer is None or looks_elsewhere(project, service):
        return
    yield RULE.gap(
        resource=stack.resource(service.name),
        subject="readiness",
        message=f"{service.name}'s healthcheck tells that the process lives, and nothing tells that it can serve: {answer.path}"
        f" answers the same at any time, also without {in_words(answer.stores)}, and no other route about health looks.",
        expected="a route that asks the store and answers 503 without it, for what waits, deploys or alarms",
        actual=f"{answer.path} answers a constant",
        locations=(source.location,),
        related=(answer.location,),
        environment=stack.environment,
        closers=(_READINESS,),
    )


def _gap(project: Project, stack: Stack, service: Service, source: HealthSource, faults: tuple[Fault, ...]) -> Gap:
    waiting = [user for user, edge in dependants(stack, service.name) if edge.condition == "service_healthy"]
    worst = min(faults, key=lambda fault: list(_EFFECTS).index(fault.effect))
    reasons = " and ".join(fault.reason for fault in faults)
    waits = f"; {_listed([user.name for user in waiting])} for it" if waiting else ""
    related = tuple(dict.fromkeys(place for fault in faults for place in fault.related))
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="healthcheck",
        message=f"{service.name}'s healthcheck {_EFFECTS[worst.effect]}: {reasons}{waits}.",
        expected=_expected(project, service),
        actual=reasons,
        locations=(source.location,),
        related=related,
        severity=_severity(worst, relied_on=bool(waiting)),
        confidence=min((fault.confidence for fault in faults if fault.effect == worst.effect), key=_ORDER.index),
        environment=stack.environment,
        closers=(_ANSWER,) if worst.effect == "deaf" else None if is_mendable(project, service) else (_ADVICE,),
    )


def _listed(names: list[str]) -> str:
    return f"{names[0]} waits" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} wait"


def _severity(worst: Fault, *, relied_on: bool) -> Severity:
    if worst.effect == "deaf":
        return Severity.MEDIUM
    # Behind a check that cannot fail a service starts too early; behind one that cannot pass it never starts.
    severity = Severity.HIGH if relied_on and worst.effect != "fail" else Severity.MEDIUM
    return severity.lowered(_LOWER.get(worst.effect, 0))


def _expected(project: Project, service: Service) -> str:
    test = _passing(project, service)
    # A test that repeats the file's own reference to a password may hold its default value: it is not shown.
    if test is None or any("${" in word.replace("$${", "") for word in test):
        return "a check that passes when the service answers and fails when it does not"
    return f"test: {' '.join(test)}".replace("$$", "$")


RULE = Rule(
    code="CMP003",
    name="healthcheck-cannot-pass-or-fail",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
