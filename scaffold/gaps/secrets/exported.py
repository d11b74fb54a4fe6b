"""Which variables a script for production exports over the `.env` beside the compose files that it starts."""

from __future__ import annotations

import posixpath
from collections.abc import Collection

from scaffold.gaps.facts import path_environment, stacks_by_env_file
from scaffold.gaps.remembered import remembered
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
    if posixpath.basename(path) != ".env" or path in stacks_by_env_file(project):
        return {}
    found: dict[str, Location] = {}
    for script, text in _scripts(project).get(posixpath.dirname(path), ()):
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


@remembered
def _scripts(project: Project) -> dict[str, list[tuple[str, str]]]:
    """Return path and text of the scripts that are called after production, by their folders."""
    found: dict[str, list[tuple[str, str]]] = {}
    for source in (item for item in project.sources if item.path.endswith((".sh", ".bash"))):
        folder, name = posixpath.split(source.path)
        if path_environment(name) is EnvironmentClass.PRODUCTION:
            found.setdefault(folder, []).append((source.path, source.text))
    return found
