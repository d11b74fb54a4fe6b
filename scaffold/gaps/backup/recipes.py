"""Backups that stand on pages alone, for people to set up, and the pages that tell people to run the stack themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaffold.gaps.backup.coverage import is_backup_text
from scaffold.gaps.backup.schedules import clock_line
from scaffold.gaps.facts import is_test_path
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.project import Command, DocFile, Project
from scaffold.model.regex import regex

_COPY = regex(r"\b(?:tar|rsync|cp|zip|sqlite3|restic|rclone|borg)\b")
_UP = regex(r"\bdocker[ -]compose\b.*\bup\b|\bdocker\s+stack\s+deploy\b")
_OF_OPERATORS = regex(r"(?i)deploy|install|self-?host|production|sys-?admin|operat|(?:^|/)admin|server|upgrad|migrat")
_OF_DEVELOPERS = regex(r"(?i)develop|contribut|local|test|(?:^|/)(?:readme|changelog)|archive|\bold\b")


def recipe(project: Project, stores: Sequence[Service]) -> Location | None:
    """Return the line of a crontab or a timer on a page that shows a copy of a store or of files beside it, or None."""
    return min(_recipes(project, stores), key=lambda place: (is_test_path(place.path), place.path, place.line), default=None)


def _recipes(project: Project, stores: Sequence[Service]) -> Iterator[Location]:
    for page in project.docs:
        number = clock_line(page.text) if page.path not in project.owned else 0
        if number and any(
            is_backup_text(tuple(stores), item.text) or _COPY.search(item.text) for item in _shown(project, page)
        ):
            yield Location(page.path, number)


def _shown(project: Project, page: DocFile) -> Iterator[Command]:
    return (item for item in project.commands if item.context == "doc" and item.location.path == page.path)


def told_to_run(project: Project) -> Location | None:
    """Return the command on a page for those who operate the project that starts its stack, or None."""
    found = (
        item.location
        for item in project.commands
        if item.context == "doc"
        and _UP.search(item.text)
        and of_operators(item.location.path)
        and item.location.path not in project.owned
    )
    return min(found, key=Location.sort_key, default=None)


def of_operators(path: str) -> bool:
    """Whether a page or script is by its name for those who operate the project, and not for its developers."""
    return bool(_OF_OPERATORS.search(path)) and not _OF_DEVELOPERS.search(path)
