"""Which pages start a stack of a fresh clone with nothing but its files: a variable that has to be set ends such a start."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from scaffold.model.deployments import STARTS_CONTAINERS, named_files
from scaffold.model.document import Location
from scaffold.model.known import known
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
    names = [re.compile(rf"(?<!\w){re.escape(name)}=") for name in variables]
    found: list[Location] = []
    prepared: set[str] = set()
    for command in known(_of_pages, project):
        if command.location.path in prepared:
            continue
        if _ENV_FILE.search(command.text) or any(name.search(command.text) for name in names):
            prepared.add(command.location.path)
        elif STARTS_CONTAINERS.search(command.text) and _starts(project, command, listed):
            found.append(command.location)
    return min(found, key=_order, default=None)


def _of_pages(project: Project) -> tuple[Command, ...]:
    """Return the commands of pages that start containers or may set something."""
    shown = (item for item in project.commands if item.context == "doc" and item.location.path not in project.owned)
    return tuple(
        item for item in shown if "=" in item.text or _ENV_FILE.search(item.text) or STARTS_CONTAINERS.search(item.text)
    )


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
