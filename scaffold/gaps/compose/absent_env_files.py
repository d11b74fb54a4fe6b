"""Env files of services that a clone does not have, and of which nothing in the repository tells how they are made."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import has_submodules
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.env_templates import optional_env_files, template_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Project


@frozen
class AbsentEnvFile:
    """An env file that is missing: who gets it, its path, and the line that names it."""

    service: Service
    path: str
    location: Location


def absent_env_files(project: Project, stack: Stack) -> tuple[AbsentEnvFile, ...]:
    """Return, by its first place, each env file that Compose refuses to start without: not tracked, without a template, and
    named by no page, no command, no workflow and no other file that could make it.
    """
    found: dict[str, AbsentEnvFile] = {}
    services = () if has_submodules(project) else stack.services
    for item in sorted((item for service in services for item in _asked(service)), key=lambda item: item.location.sort_key()):
        found.setdefault(item.path, item)
    return tuple(item for item in found.values() if _is_absent(project, item.path))


def _asked(service: Service) -> Iterator[AbsentEnvFile]:
    optional = optional_env_files(service)
    for path, location in service.env_files:
        if posixpath.basename(path) not in optional:
            yield AbsentEnvFile(service, path, location)


def _is_absent(project: Project, path: str) -> bool:
    if path.startswith(("/", "~", "..")) or "$" in path or project.exists(path) or template_of(project, path) is not None:
        return False
    name = posixpath.basename(path)
    return not any(name in text for text in _tellers(project))


@remembered
def _tellers(project: Project) -> tuple[str, ...]:
    """Return the texts that may make an env file or tell people to: not compose files, nor what keeps it out of git."""
    passed = {file.path for file in project.compose_files} | project.owned
    read = (item.text for item in project.sources if item.path not in passed and not item.path.endswith("ignore"))
    return (*(page.text for page in project.docs), *(command.text for command in project.commands), *read)
