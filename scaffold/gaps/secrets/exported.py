"""Which variables a script for production exports over the `.env` beside the compose files that it starts."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator

from scaffold.gaps.facts import path_environment
from scaffold.model.deployments import STARTS_CONTAINERS
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

_EXPORT = regex(r"(?m)^[ \t]*export[ \t]+(?P<name>[A-Z][A-Z0-9_]*)=", words=("export",))
_LOADS = regex(r"(?:\bsource|(?<![\w.])\.)[ \t]+[^\s;&|]*\.env\b|\bexport[ \t]+\$\(|\bxargs\b")


def exported_over(project: Project, path: str) -> dict[str, Location]:
    """Return the variables that scripts for production export before they start what reads the `.env` at `path`, and where: to
    Compose what the shell has comes before that file (docs.docker.com, Environment variables precedence). A service that takes
    the file by `env_file` gets it as it is.
    """
    read = (name for stack in project.stacks for service in stack.services for name, _ in service.env_files)
    if posixpath.basename(path) != ".env" or path in read:
        return {}
    found: dict[str, Location] = {}
    for script, text in _scripts(project, posixpath.dirname(path)):
        start = STARTS_CONTAINERS.search(text)
        before = text[: start.start()] if start else ""
        if before and not _LOADS.search(before):
            for match in _EXPORT.finditer(before):
                found.setdefault(match["name"], Location.at_offset(script, text, match.start()))
    return found


def replaced_at(project: Project, path: str, names: Collection[str]) -> Location | None:
    """Return where a script for production exports the first of these variables over an env file, None if it leaves one out."""
    over = exported_over(project, path) if names else {}
    return over[min(names)] if names and over.keys() >= set(names) else None


def _scripts(project: Project, folder: str) -> Iterator[tuple[str, str]]:
    for source in project.sources:
        beside = posixpath.dirname(source.path) == folder and source.path.endswith((".sh", ".bash"))
        if beside and path_environment(posixpath.basename(source.path)) is EnvironmentClass.PRODUCTION:
            yield source.path, source.text
