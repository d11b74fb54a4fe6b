"""LOG001: the served code writes its log lines as free text."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.logging.structured import text_logging
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    for found in text_logging(project):
        yield RULE.gap(
            resource=found.stack.resource(found.service.name),
            subject="log-format",
            message=f"{found.service.name} logs free text, so a log store can neither filter by field nor join lines of one "
            "request.",
            expected="one JSON object a line, with timestamp, level, logger and message",
            actual="a text format",
            locations=tuple(dict.fromkeys(fact.location for fact in found.facts)),
            environment=found.stack.environment,
            closers=None if found.edits else (_BY_HAND,),
        )


_BY_HAND = Closer(
    None,
    "advice",
    "Give the root handler a JSON formatter at the entry point (python-json-logger, structlog, pino), lines on stdout.",
)

RULE = Rule(
    code="LOG001",
    name="logs-not-structured",
    layer=Layer.LOGGING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
