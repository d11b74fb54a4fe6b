"""Variables that hold the keys by which applications encrypt what they store: a copy of the store is nothing without them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.env_templates import missing_env_files, template_of
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex

_KEY = regex(
    r"(?!BACKUP|RESTIC|BORG)(?:\w+_)?(?:ENCRYPTION|FERNET|CIPHER|CRYPTO?|VAULT|AES(?:_?256)?)_(?:(?:SECONDARY|MASTER|PRIMARY|AES_?256)_)*KEYS?",
    words=("KEY",),
)


def encryption_keys(
    project: Project, services: Iterable[Service], facts: Iterable[CodeFact], *, with_values: bool = False
) -> dict[str, Location]:
    """Return the variables that give the services the keys of what they store, with their places: by their names, and those
    that code which encrypts (`facts` of the kind `encrypts`) calls its keys.

    On demand also those whose value stands in the stack.
    """
    called = frozenset(name for fact in facts if fact.kind == "encrypts" for name in fact.detail.split())
    return {name: place for service in services for name, place in _keys(project, service, called, with_values=with_values)}


def _keys(project: Project, service: Service, called: frozenset[str], *, with_values: bool) -> Iterator[tuple[str, Location]]:
    for entry in service.environment:
        given = entry.references and not any(reference.has_default and reference.argument for reference in entry.references)
        if _is_key(entry.name, called) and (given or with_values or entry.raw is None):
            yield entry.name, entry.location
    for path in missing_env_files(project, service):
        template = template_of(project, path)
        for item in template.entries if template else ():
            if not item.commented and _is_key(item.name, called):
                yield item.name, item.location


def _is_key(name: str, called: frozenset[str]) -> bool:
    return name in called or _KEY.fullmatch(name) is not None
