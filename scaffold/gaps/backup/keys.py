"""Keys by which applications encrypt what they store, and whether the words on backups and recovery think of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.docs.doc002_no_disaster_recovery_guide import recovery_text
from scaffold.gaps.signals import application_services
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KEY = regex(
    r"(?!BACKUP|RESTIC|BORG)(?:\w+_)?(?:ENCRYPTION|FERNET|CRYPTO?|AES(?:_?256)?)_(?:(?:SECONDARY|MASTER|PRIMARY|AES_?256)_)*KEYS?",
    words=("KEY",),
)
_THINKS_OF_KEYS = regex(r"(?i)encryption[ -_]keys?|\.env\b|\benv(?:ironment)?[ -]files?\b|\benvironment variables\b")


def forgotten_keys(project: Project, beside: str) -> tuple[tuple[str, Location], ...]:
    """Return the keys that applications must be given, with their places, where neither `beside`, the text of what makes the
    backups, nor a page on recovery speaks of them.
    """
    keys = dict(_keys(project))
    if not keys:
        return ()
    pages = recovery_text(project)
    if not (pages or beside) or _THINKS_OF_KEYS.search(pages) or _THINKS_OF_KEYS.search(beside):
        return ()
    return tuple((name, place) for name, place in keys.items() if not re.search(rf"\b{name}\b", f"{pages}\n{beside}"))


def _keys(project: Project) -> Iterator[tuple[str, Location]]:
    for _, service in application_services(project):
        for entry in service.environment:
            given = entry.references and not any(reference.has_default and reference.argument for reference in entry.references)
            if _KEY.fullmatch(entry.name) and (given or entry.raw is None):
                yield entry.name, entry.location
        yield from _of_templates(project, service)


def _of_templates(project: Project, service: Service) -> Iterator[tuple[str, Location]]:
    for path in missing_env_files(project, service):
        template = template_of(project, path)
        for entry in template.entries if template else ():
            if not entry.commented and _KEY.fullmatch(entry.name):
                yield entry.name, entry.location
