"""Rollbacks that start the release before on tables of the newer one, with a tool for migrations that ends there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.signals import main_services
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import start_of

_BACK = regex(
    r"roll(?:ing|ed|s)?[ _-]?back|(?<![a-z])prev(?:ious)?[_-]?(?:release|image|tag|sha|version|deployment)"
    r"|restor(?:e|es|ing) (?:the )?previous|last[_-]good",
    re.IGNORECASE,
    words=("back", "prev", "good"),
)
_UP = regex(r"\bup\b[^\n&|;]*\s(?:-d|--detach)\b|\bstack\s+deploy\b", words=("up", "deploy"))
_UNDOES = regex(
    r"downgrade|pg_restore|restore[-_]\w|\bpsql\b[^\n]*<|migrat\w*[: -](?:down|undo|rollback|revert)|\brevert\b|skip[-_]?migrat"
    r"|run_migrations=[\"']?(?:false|0)",
    re.IGNORECASE,
    words=("downgrade", "pg_restore", "restore", "psql", "migrat", "revert"),
)
"""What brings the tables back as well, or starts without migrations."""
_NEAR = 6
"""Commands before a start in which it is said what it is for."""
_REFUSING = (
    ("Alembic", regex(r"\balembic\b[^\n&|;]{0,80}\bupgrade\b")),
    ("golang-migrate", regex(r"\bmigrate\b[^\n]{0,120}-(?:path|source)\b[^\n]{0,120}\bup\b")),
    ("Knex", regex(r"\bknex\b[^\n&|;]{0,80}\bmigrate:latest\b")),
    ("sqlx", regex(r"\bsqlx\s+migrate\s+run\b")),
)
"""Tools that end with an error where the database has a version of which they hold no file, and the commands that run them."""


@frozen
class Refusing:
    """A tool that refuses newer tables, and the line by which a start of the stack runs it."""

    name: str
    place: Location


def refusing_tool(project: Project) -> Refusing | None:
    """Return the tool by which a start of the stack migrates and that refuses tables of a newer release, or None."""
    for _, service in main_services(project):
        start = None if service.is_datastore else start_of(project, service)
        for line, place in start.taken() if start else ():
            name = next((name for name, pattern in _REFUSING if pattern.search(line)), "")
            if name:
                return Refusing(name, place)
    return _in_rust(project)


def _in_rust(project: Project) -> Refusing | None:
    facts = (fact for fact in project.code_facts if fact.kind == "schema" and fact.detail == "embeds sqlx")
    places = (fact.location for fact in facts if fact.reachable is not False and not is_test_path(fact.location.path))
    place = min(places, key=Location.sort_key, default=None)
    return Refusing("sqlx", place) if place is not None else None


def start_of_before(lines: Iterable[tuple[str, Location]]) -> Location | None:
    """Return the line that starts the release before again after one that started the new one; None where none does, or where
    the tables are brought back as well.
    """
    every = list(lines)
    if any(_UNDOES.search(text) for text, _ in every):
        return None
    starts = [number for number, (text, _) in enumerate(every) if _UP.search(text)]
    later = (number for number in starts[1:] if any(_BACK.search(text) for text, _ in _around(every, number)))
    return next((every[number][1] for number in later), None)


def _around(lines: list[tuple[str, Location]], number: int) -> Iterator[tuple[str, Location]]:
    yield from lines[max(number - _NEAR, 0) : number + 1]
