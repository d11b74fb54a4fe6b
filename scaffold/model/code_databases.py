"""The SQLite files of which code tells that it opens them, and the mounts over the sources in which such a file lies."""

from __future__ import annotations

import re

from scaffold.model.compose import Mount, Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_TRIED = regex(
    r"(?:^|[/_.-])(?:tests?|testing|conftest|spec|dev|development|local|examples?|samples?|scripts?|tools?|docs?|bench\w*)(?:[/_.-]|$)",
    re.IGNORECASE,
)


@frozen
class OpenedDatabase:
    """A database file of SQLite by the line that opens or names it; `path` is one of the repository, "" for an unknown one."""

    location: Location
    path: str


def opened_databases(project: Project) -> tuple[OpenedDatabase, ...]:
    """Return what code opens that may run in production, each file once."""
    found: dict[str, OpenedDatabase] = {}
    for fact in project.code_facts:
        place = _place(fact)
        if place is not None and fact.reachable is not False and not _TRIED.search(fact.location.path):
            path = place.removeprefix("code:") if place.startswith("code:") else ""
            found.setdefault(path, OpenedDatabase(fact.location, path))
    # A module that opens some file says less than one that says which.
    named = tuple(item for path, item in found.items() if path)
    return named or tuple(found.values())


def _place(fact: CodeFact) -> str | None:
    """Return the place of a database that a fact gives, "" for an unknown one, None for a fact of something else."""
    if fact.kind == "opens-sqlite":
        return fact.detail
    kind, _, rest = fact.detail.partition(" ")
    return rest.partition(" ")[2] if fact.kind == "kept-files" and kind == "database" else None


def source_mount(service: Service, database: OpenedDatabase) -> Mount | None:
    """Return the folder of the repository, mounted to be written to, in which a database of the code lies; None without one."""
    mounts = (mount for mount in service.mounts if mount.kind == "bind" and mount.resolved is not None and not mount.read_only)
    return next((m for m in mounts if database.path and (not m.resolved or is_below(database.path, m.resolved or ""))), None)
