"""Keys by which applications encrypt what they store, and whether the words on backups and recovery think of them."""

from __future__ import annotations

import re

from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_text
from scaffold.gaps.facts import may_run_in_production
from scaffold.gaps.signals import application_services
from scaffold.model.document import Location
from scaffold.model.encryption_keys import encryption_keys
from scaffold.model.project import Project
from scaffold.model.regex import regex

_THINKS_OF_KEYS = regex(r"(?i)encryption[ -_]keys?|\.env\b|\benv(?:ironment)?[ -]files?\b|\benvironment variables\b")
_ONLY_READS = regex(
    r"\b(?:grep|sed|awk|source|export)\b|--env-file|(?:^|\s)\.\s+\S{0,100}\.env\b|\.env\.(?:example|sample|template|dist)\b"
)
"""A line that takes a value from the env file, or makes one of its template: it copies and keeps nothing."""


def forgotten_keys(project: Project, beside: str) -> tuple[tuple[str, Location], ...]:
    """Return the keys that applications must be given, with their places, where neither `beside`, the text of what makes the
    backups, nor a page on recovery speaks of them.
    """
    keys = stored_keys(project)
    if not keys:
        return ()
    pages = recovery_text(project)
    if not (pages or beside) or _thinks_of_keys(pages) or _thinks_of_keys(beside):
        return ()
    return tuple((name, place) for name, place in keys.items() if not re.search(rf"\b{name}\b", f"{pages}\n{beside}"))


def _thinks_of_keys(text: str) -> bool:
    return any(not _ONLY_READS.search(line) for line in text.split("\n") if _THINKS_OF_KEYS.search(line))


def stored_keys(project: Project, *, with_values: bool = False) -> dict[str, Location]:
    """Return the variables with the keys of what applications of production store, with their places."""
    services = (service for _, service in application_services(project))
    facts = (fact for fact in project.code_facts if fact.kind == "encrypts" and may_run_in_production(fact))
    return encryption_keys(project, services, facts, with_values=with_values)
