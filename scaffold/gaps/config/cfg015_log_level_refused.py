"""CFG015: the stack gives a log level in a spelling that Python's logging, or uvicorn, refuses, so that it does not start."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_LOGGING = frozenset({"CRITICAL", "FATAL", "ERROR", "WARN", "WARNING", "INFO", "DEBUG", "NOTSET"})
_UVICORN = frozenset({"critical", "error", "warning", "info", "debug", "trace"})
"""The names that each knows (docs.python.org/3/library/logging.html, www.uvicorn.org/settings), compared letter by letter."""
_PLAIN = regex(r"[A-Za-z]+|\d+")
_OPTION = "--log-level"
_ASKED = regex(r"\buvicorn\b[^\n;&|]*\s--log-level[=\s]+[\"']?(?P<level>[A-Za-z]+)(?=[\s\"';&|]|$)")


def _detect(project: Project) -> Iterator[Gap]:
    facts = [fact for fact in project.code_facts if fact.kind == "log-level" and fact.reachable is not False]
    facts = [fact for fact in facts if not is_test_path(fact.location.path)]
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack, facts)))


def _of_stack(project: Project, stack: Stack, facts: list[CodeFact]) -> Iterator[Gap]:
    for service in stack.services:
        if service.role not in APPLICATION or service.profiles:
            continue
        yield from _by_option(project, stack, service)
        builder = builder_of(project, service)
        for fact in facts if builder.made is not None and runs_code(project, builder) else ():
            given = _given(project, service, fact.detail) if is_in_image(project, builder, fact.location.path) else None
            if given is not None:
                place, severity = given
                yield _gap(stack, service, fact.detail, (place, fact.location), severity)
                break


def _by_option(project: Project, stack: Stack, service: Service) -> Iterator[Gap]:
    start = start_of(project, service)
    for line, place in start.taken() if start else ():
        match = _ASKED.search(line)
        if match and match["level"] not in _UVICORN:
            yield _gap(stack, service, _OPTION, (place,), Severity.HIGH)
            return


def _given(project: Project, service: Service, name: str) -> tuple[Location, Severity] | None:
    """Return where a service gets a level that `logging` does not know, and how bad that is; None for one that it knows.

    What env templates give a variable counts before the default in Compose: people copy them.
    """
    entry = service.env(name)
    if entry is not None and not entry.references:
        value = (entry.value or "").strip()
        return (entry.location, Severity.HIGH) if _PLAIN.fullmatch(value) and value not in _LOGGING else None
    if entry is None and not service.env_files:
        return None
    asked = entry.references[0].name if entry else name
    shown = [item for file in project.env_files for item in file.entries if item.name == asked and not item.commented]
    values = [(item.value.strip("\"' "), item.location) for item in shown]
    if not values and entry is not None:
        values = [((entry.value or "").strip(), entry.location)]
    wrong = [place for value, place in values if _PLAIN.fullmatch(value) and value not in _LOGGING]
    return (wrong[0], Severity.HIGH if len(wrong) == len(values) else Severity.MEDIUM) if wrong else None


def _gap(stack: Stack, service: Service, name: str, places: tuple[Location, ...], severity: Severity) -> Gap:
    by_option = name == _OPTION
    who, shape = ("uvicorn", "lower case") if by_option else ("Python's logging", "upper case")
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"{'command' if by_option else 'environment'}/{name}",
        message=f"{service.name} does not start: {name} gives no level that {who} knows, which takes names in {shape} alone.",
        expected=f"one of {', '.join(sorted(_UVICORN if by_option else _LOGGING))}",
        actual="another spelling",
        locations=places[:1],
        related=places[1:],
        severity=severity,
        environment=stack.environment,
    )


RULE = Rule(
    code="CFG015",
    name="log-level-refused",
    layer=Layer.CONFIG,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the level as the library spells it, and let the code take either: `level=settings.log_level.upper()`.",
        ),
    ),
)
