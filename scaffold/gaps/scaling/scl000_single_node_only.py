"""SCL000: the app is made for one host, and nothing says how it grows or survives that host."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.chart import chart_closers
from scaffold.gaps.scaling.signals import scaling_signals
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Heading, Project
from scaffold.model.regex import regex

_PLAN = regex(r"\bscal(?:e|ing)\b|\bhigh availability\b|\breplicas\b|\bcapacity\b|\bself[- ]host", re.IGNORECASE)
_CLAIM = regex(r"\bhigh(?:ly)?[- ]availab|\bhorizontal(?:ly)? scal|\bauto[- ]?scal", re.IGNORECASE)

_ADVICE = "Say in a page how many users one host serves, and run the stateless services where replicas can be added."


def _detect(project: Project) -> Iterator[Gap]:
    stack = project.main_stack
    if stack is None or not stack.is_runnable_in_production or scaling_signals(project) or _plan(project):
        return
    services = [service for service in stack.services if service.is_application]
    if not services:
        return
    names = ", ".join(service.name for service in services[:4])
    claim = _claim(project)
    yield RULE.gap(
        closers=chart_closers(project, _ADVICE),
        resource="scaling",
        subject="plan",
        message=f"The app ({names}) is made for one host with Compose; how it scales or survives the loss of that host "
        "is not declared in this repository.",
        expected="an orchestrator with replicas, or a page that says how far one host goes",
        actual="Compose on one host",
        locations=(services[0].location,),
        related=(claim,) if claim else (),
        severity=Severity.MEDIUM if claim else Severity.LOW,
    )


def _plan(project: Project) -> Heading | None:
    """Return a heading of a page about scaling."""
    return next((heading for page in project.docs for heading in page.headings if _PLAN.search(heading.text)), None)


def _claim(project: Project) -> Location | None:
    """Return where a page promises more than one host gives."""
    for page in project.docs:
        for number, line in enumerate(page.text.splitlines(), 1):
            if _CLAIM.search(line):
                return Location(page.path, number)
    return None


RULE = Rule(
    code="SCL000",
    name="single-node-only",
    layer=Layer.SCALING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.HELM, "files"),),
)
