"""Databases that pages, scripts and playbooks start by `docker run` beside the stacks, with a folder or volume of their own."""

from __future__ import annotations

import re

from scaffold.gaps.backup.recipes import of_operators
from scaffold.gaps.facts import is_test_path
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import main_services
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_RUN = regex(r"\bdocker\s+(?:container\s+)?run\s(?P<words>[^\n|;&]*)")
_STAYS = regex(r"\s(?:-\w*d\w*|--detach|--restart[= ]\S+)\s")
_THROWN_AWAY = regex(r"\s--rm\b|(?i:\btest)")
_KEPT_IN = {
    Role.POSTGRES: "/var/lib/postgresql",
    Role.MYSQL: "/var/lib/mysql",
    Role.MONGO: "/data/db",
}
_IMAGES = {
    "postgres": Role.POSTGRES,
    "postgis": Role.POSTGRES,
    "pgvector": Role.POSTGRES,
    "timescaledb": Role.POSTGRES,
    "mysql": Role.MYSQL,
    "mariadb": Role.MYSQL,
    "mongo": Role.MONGO,
}
_VOLUME = regex(r"\s(?:-v|--volume)[= ]\s*[\"']?(?P<source>[^\s:\"']+):(?P<target>/[^\s:\"']*)")


@frozen
class StartedStore:
    """A database server outside of the stacks: its role, the name of its container, where its data is, and the command."""

    role: Role
    name: str
    place: str
    location: Location


@remembered
def started_stores(project: Project) -> tuple[StartedStore, ...]:
    """Return the databases that what deploys the project starts by hand, each once; none of a role that a stack has."""
    if project.main_stack is None:
        return ()
    known = {service.role for _, service in main_services(project)}
    found: dict[tuple[Role, str], StartedStore] = {}
    for command in project.commands:
        match = _RUN.search(command.text) if " run " in command.text else None
        store = _store(command, f" {match['words']} ") if match and _is_for_production(project, command) else None
        if store and store.role not in known:
            found.setdefault((store.role, store.place), store)
    return tuple(found.values())


def _store(command: Command, words: str) -> StartedStore | None:
    if _THROWN_AWAY.search(words) or not _STAYS.search(words):
        return None
    images = (ImageReference.parse(word) for word in words.split() if re.fullmatch(r"[\w./-]+(?::[\w.-]+)?", word))
    role = next((_IMAGES[image.name] for image in images if image and image.name in _IMAGES), None)
    mount = next((m for m in _VOLUME.finditer(words) if role and m["target"].startswith(_KEPT_IN[role])), None)
    if role is None or mount is None:
        return None
    name = re.search(r"\s--name[= ]\s*[\"']?([\w.-]+)", words)
    return StartedStore(role, name[1] if name else role.value, mount["source"], command.location)


def _is_for_production(project: Project, command: Command) -> bool:
    """Whether the command stands on a page for those who operate the project, or in a script or playbook that deploys it."""
    path = command.location.path
    if path in project.owned or command.context not in {"doc", "script", "playbook"}:
        return False
    return of_operators(path) and (command.context == "doc" or not is_test_path(path))
