"""DOC003: no page tells what to do when an alert fires or a release has to be taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.pages import guide_closers, page_anchor, sections
from scaffold.gaps.signals import application_services, main_environment
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TOPIC = regex(
    r"\brun-?book|\broll(?:ing)?[- ]?back|\bplaybook|\bincident|\bon-?call|\brevert(?:ing)? a (?:release|deploy)", re.IGNORECASE
)
_ADVICE = "Write docs/operations/runbook.md: how to see what is wrong, how to go back, whom to call."


def _detect(project: Project) -> Iterator[Gap]:
    place = page_anchor(project)
    if place is None or not application_services(project) or runbook_pages(project):
        return
    yield RULE.gap(
        closers=guide_closers(project, _ADVICE),
        resource="docs",
        subject="runbook",
        message="No page in this repository tells how to take a release back or what to do when a service is down.",
        expected="a runbook with the rollback command and a paragraph for each alert",
        actual="no such page",
        locations=(place,),
        environment=main_environment(project),
    )


def runbook_pages(project: Project) -> tuple[Location, ...]:
    """Return the headings of the sections on rollbacks, incidents and the like that say something."""
    return tuple(section.heading.location for section in sections(project, _TOPIC) if section.text.strip())


RULE = Rule(
    code="DOC003",
    name="no-runbook",
    layer=Layer.DOCS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
