"""Keys by which applications encrypt what they store, and whether the words on backups and recovery think of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_text
from scaffold.gaps.facts import may_run_in_production
from scaffold.gaps.signals import application_services
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KEY = regex(
    r"(?!BACKUP|RESTIC|BORG)(?:\w+_)?(?:ENCRYPTION|FERNET|CIPHER|CRYPTO?|VAULT|AES(?:_?256)?)_(?:(?:SECONDARY|MASTER|PRIMARY|AES_?256)_)*KEYS?",
    words=("KEY",),
)
_THINKS_OF_KEYS = regex(r"(?i)encryption[ -_]keys?|\.env\b|\benv(?:ironment)?[ -]files?\b|\benvironment variables\b")
_ONLY_READS = regex(
    r"\b(?:grep|sed|awk|source|export)\b|--env-file|(?:^|\s)\.\s+\S{0,100}\.env\b|\.env\.(?:example|sample|template|dist)\b"
)
"""A line that takes a value from the env file, or makes one of its template: it copies and keeps nothing."""


def forgotten_keys(project: Project, beside: str) -> tuple[tuple[str, Location], ...]:
    """Return the keys that applications must be given, with their places, where neither `beside`, the text of what makes the
    backups, nor a page on recovery speaks of them.
    """
    keys = encryption_keys(project)
    if not keys:
        return ()
    pages = recovery_text(project)
    if not (pages or beside) or _thinks_of_keys(pages) or _thinks_of_keys(beside):
        return ()
    return tuple((name, place) for name, place in keys.items() if not re.search(rf"\b{name}\b", f"{pages}\n{beside}"))


def _thinks_of_keys(text: str) -> bool:
    return any(not _ONLY_READS.search(line) for line in text.split("\n") if _THINKS_OF_KEYS.search(line))


def encryption_keys(project: Project, *, with_values: bool = False) -> dict[str, Location]:
    """Return the variables that give applications of the stack the keys of what they store, with their places: by their names,
    and those that code which encrypts calls its keys; on demand also those whose value stands in the stack.
    """
    facts = (fact for fact in project.code_facts if fact.kind == "encrypts" and may_run_in_production(fact))
    called = frozenset(name for fact in facts for name in fact.detail.split())
    return dict(_keys(project, called, with_values=with_values))


def _keys(project: Project, called: frozenset[str], *, with_values: bool) -> Iterator[tuple[str, Location]]:
    for _, service in application_services(project):
        for entry in service.environment:
            given = entry.references and not any(reference.has_default and reference.argument for reference in entry.references)
            if _is_key(entry.name, called) and (given or with_values or entry.raw is None):
                yield entry.name, entry.location
        yield from _of_templates(project, service, called)


def _is_key(name: str, called: frozenset[str]) -> bool:
    return name in called or _KEY.fullmatch(name) is not None


def _of_templates(project: Project, service: Service, called: frozenset[str]) -> Iterator[tuple[str, Location]]:
    for path in missing_env_files(project, service):
        template = template_of(project, path)
        for entry in template.entries if template else ():
            if not entry.commented and _is_key(entry.name, called):
                yield entry.name, entry.location
