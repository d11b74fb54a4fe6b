"""Which pages start a stack of a fresh clone with nothing but its files: a variable that has to be set ends such a start."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from scaffold.model.deployments import STARTS_CONTAINERS, named_files
from scaffold.model.document import Location
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_DEFAULT_FILES = frozenset({"compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"})
_ENV_FILE = regex(r"\.env\b|--env-file\b|\benv\.example\b", words=("env",))
"""What makes or hands over an env file."""


def bare_start(project: Project, paths: Iterable[str], variables: tuple[str, ...]) -> Location | None:
    """Return where a page starts one of these files, and no command above it on the page makes an env file or sets one of the
    variables; the README of the project before other pages, None where none does.
    """
    listed = tuple(paths)
    found: list[Location] = []
    above: dict[str, list[Command]] = {}
    for command in project.commands:
        if command.context != "doc" or command.location.path in project.owned:
            continue
        before = above.setdefault(command.location.path, [])
        before.append(command)
        if STARTS_CONTAINERS.search(command.text) and _starts(project, command, listed) and not _is_prepared(before, variables):
            found.append(command.location)
    return min(found, key=_order, default=None)


def _order(place: Location) -> tuple[bool, int, tuple[object, ...]]:
    is_readme = posixpath.basename(place.path).lower().startswith("readme")
    return (not is_readme, place.path.count("/"), place.sort_key())


def _starts(project: Project, command: Command, paths: tuple[str, ...]) -> bool:
    names = named_files(command.text)
    if names:
        return any(posixpath.basename(path) in names for path in paths)
    own = posixpath.dirname(command.location.path)
    has_own = any(posixpath.join(own, name) in project.present for name in _DEFAULT_FILES)
    folder = own if has_own else ""
    return any(posixpath.basename(path) in _DEFAULT_FILES and posixpath.dirname(path) == folder for path in paths)


def _is_prepared(commands: list[Command], variables: tuple[str, ...]) -> bool:
    names = [re.compile(rf"(?<!\w){re.escape(name)}=") for name in variables]
    return any(_ENV_FILE.search(item.text) or any(name.search(item.text) for name in names) for item in commands)
