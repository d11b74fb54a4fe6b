"""DOC002: stores hold data, and no page tells how to restore it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.coverage import signals
from scaffold.gaps.docs.pages import guide_closers, page_anchor, sections
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TOPIC = regex(r"\brestor|\brecover|\bdisaster\b|\bback-?ups?\b", re.IGNORECASE)
_STEP = regex(r"restor|pg_restore|psql\b.*<|mongorestore|\brecover|point[- ]in[- ]time|snapshot", re.IGNORECASE)
_ADVICE = "Write docs/operations/recovery.md: where the copies are, the restore commands of each store, RPO and RTO."


def _detect(project: Project) -> Iterator[Gap]:
    stores = durable_stores(project)
    place = page_anchor(project)
    if not stores or place is None or recovery_pages(project):
        return
    names = ", ".join(service.name for _, service in stores)
    yield RULE.gap(
        closers=guide_closers(project, _ADVICE),
        resource="docs",
        subject="recovery-guide",
        message=f"No page in this repository tells how to restore {names}: the first restore happens during an outage.",
        expected="a page with the restore steps of each store and the loss that is accepted",
        actual="no restore steps",
        locations=(place,),
        related=tuple(service.location for _, service in stores),
        environment=main_environment(project),
        severity=None if signals(project) else Severity.LOW,
        blocked_by=() if signals(project) else ("BCK000",),
    )


def recovery_pages(project: Project) -> tuple[Location, ...]:
    """Return the headings of the sections that tell how to restore something."""
    return tuple(section.heading.location for section in sections(project, _TOPIC) if _STEP.search(section.text))


RULE = Rule(
    code="DOC002",
    name="no-disaster-recovery-guide",
    layer=Layer.DOCS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
