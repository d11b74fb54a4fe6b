"""BCK006: the recovery page says how to restore, but neither how much may be lost nor how long it may take."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_pages
from scaffold.gaps.docs.pages import current_pages, guide_closers
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SPAN = r"[^.\n]{0,80}?\b(?:\d+|an?|one|two|three|four|six|twelve|few)\s*(?:seconds?|minutes?|mins?|hours?|hrs?|h|days?)\b"
_LOSES = rf"\b(?:lose|loses|lost|loss)\b{_SPAN}"
_RETURNS = r"\b(?:restor\w*|recover\w*|downtime|outage|back (?:up|online|in service))\b[^.\n]{0,60}?"
_WITHIN = rf"\b(?:within|at most|up to|takes?|less than|under)\b{_SPAN}"
_STATED = regex(rf"\bR[PT]O\b|\brecovery[ -](?:point|time)\b|{_LOSES}|{_RETURNS}{_WITHIN}", re.IGNORECASE)
"""The two objectives by name, or a span of time beside what is lost or how long it takes."""
_ADVICE = (
    "Write beside the restore steps how much work may be lost (RPO) and how long a restore may take (RTO), and measure both."
)


def _detect(project: Project) -> Iterator[Gap]:
    places = recovery_pages(project)
    if not places or not durable_stores(project):
        return
    if any(_STATED.search(page.text) for page in current_pages(project) if page.path in {place.path for place in places}):
        return
    yield RULE.gap(
        closers=guide_closers(project, _ADVICE),
        resource="backup",
        subject="objectives",
        message="The recovery steps do not say how much work may be lost, nor how long a restore may take.",
        expected="both objectives (RPO and RTO) as numbers, beside the steps",
        actual="neither is stated",
        locations=places,
        environment=main_environment(project),
    )


RULE = Rule(
    code="BCK006",
    name="objectives-not-stated",
    layer=Layer.BACKUP,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
