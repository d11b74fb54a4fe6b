"""LOG003: a JSON formatter is written, and no served code imports it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.logging.structured import serves_json, text_logging
from scaffold.gaps.signals import main_services
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.starting import is_below


def _detect(project: Project) -> Iterator[Gap]:
    mended = (Closer(Room.EDITS, "edit"),) if any(found.edits for found in text_logging(project)) else None
    for fact in project.code_facts:
        if serves_json(project, beside=fact.location.path):
            continue
        if fact.kind == "json-formatter" and (fact.reachable is False or _outside_every_image(project, fact)):
            yield RULE.gap(
                resource=fact.location.path,
                subject="json-formatter",
                message=f"{fact.location.path} defines a JSON formatter that no served code uses: the logs stay text.",
                expected="the formatter on the root handler of the app",
                actual="defined, never reached from an entry point",
                locations=(fact.location,),
                closers=mended,
            )


def _outside_every_image(project: Project, fact: CodeFact) -> bool:
    """Whether no image can hold the module, because it lies outside of every build context."""
    contexts = [service.made.context for _, service in main_services(project) if service.made]
    known = [context for context in contexts if context is not None]
    return bool(known) and len(known) == len(contexts) and not any(is_below(fact.location.path, context) for context in known)


RULE = Rule(
    code="LOG003",
    name="json-formatter-unused",
    layer=Layer.LOGGING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Move the module into the app's package and set its formatter where logging is configured, or delete it.",
        ),
    ),
)
