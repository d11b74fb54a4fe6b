"""Names that compose files and commands give containers."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.remembered import remembered
from scaffold.model.project import Project
from scaffold.model.regex import regex

_GIVEN = regex(r"(?:--name|container_name|hostname)(?=[\s:=\"']+(?P<name>\w[\w.-]*))")
_IN_VARIABLES = regex(r"_CONTAINER\w*\b(?=[\s:=\"']+(?P<name>\w[\w.-]*))", words=("_CONTAINER",))


@remembered
def given_container_names(project: Project) -> frozenset[str]:
    """Return the names that a compose file or a command of any place gives a container."""
    return frozenset(match["name"] for text in _texts(project) for match in _GIVEN.finditer(text))


@remembered
def container_names_in_variables(project: Project) -> frozenset[str]:
    """Return the values of variables such as `DB_CONTAINER`, which may name a container of elsewhere."""
    return frozenset(match["name"] for text in _texts(project) for match in _IN_VARIABLES.finditer(text))


def _texts(project: Project) -> Iterator[str]:
    yield from (project.source(file.path) or "" for file in project.compose_files)
    yield from (command.text for command in project.commands)
