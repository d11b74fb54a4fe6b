"""Models of Prisma and Drizzle without migrations, whose tables nothing of production makes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.migrations import may_be_pushed
from scaffold.gaps.signals import main_services, owner_of_path
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_TOOLS = {
    "Prisma": regex(r"(?:.*/)?schema\.prisma"),
    "Drizzle": regex(r"(?:.*/)?drizzle\.config\.[cm]?[jt]s"),
}
"""The file of each tool that tells where the models are."""
_MAKES_TABLES = regex(r"(?:^|/)(?:migrations?|drizzle|supabase|flyway|liquibase|changelog|initdb[\w.-]*)/")
"""Folders of whatever else may make the tables."""
_OF_THE_DATABASE = regex(r"\bprisma\s+db\s+pull\b|\bdrizzle-kit\s+(?:pull|introspect)\b")
"""Commands that write the models from the tables, which somebody else then makes."""
_BY_SQL = frozenset({Role.POSTGRES, Role.MYSQL})


@frozen
class BareModels:
    """Models without versions: the tool, the file that shows them, the service with its code, and how people push them."""

    tool: str
    path: str
    stack: Stack
    service: Service
    by_hand: tuple[Location, ...]


def bare_models(project: Project) -> Iterator[BareModels]:
    """Yield the models of each tool for whose tables the repository has no versions and production no command.

    Stacks without a database of SQL are left out: MongoDB needs no tables.
    """
    found = {tool: path for tool in _TOOLS for path in reversed(project.files) if _is_of(tool, path)}
    if not found or any(_MAKES_TABLES.search(path) for path in project.files):
        return
    stores = [service for _, service in main_services(project) if service.is_datastore]
    by_sql = [service for service in stores if service.role in _BY_SQL]
    if not by_sql or any(service.role is Role.MONGO for service in stores) or any(_starts_with_files(item) for item in by_sql):
        return
    if may_be_pushed(project) or any(_OF_THE_DATABASE.search(item.text) for item in project.commands):
        return
    for tool, path in found.items():
        owner = owner_of_path(project, path)
        if owner is not None:
            yield BareModels(tool, path, *owner, tuple(_by_hand(project, tool, owner[1])))


def _is_of(tool: str, path: str) -> bool:
    return _TOOLS[tool].fullmatch(path) is not None and not is_test_path(path)


def _starts_with_files(store: Service) -> bool:
    """Whether a database gets files for its first start, or an image of its own."""
    return store.build is not None or any("initdb" in mount.target for mount in store.mounts)


def _by_hand(project: Project, tool: str, service: Service) -> Iterator[Location]:
    """Yield the scripts of packages by which people make the tables."""
    words = {"Prisma": ("prisma db push", "prisma migrate"), "Drizzle": ("drizzle-kit push", "drizzle-kit migrate")}[tool]
    context = service.build.context if service.build else None
    pushing = (item for item in project.commands if item.context == "package" and any(word in item.text for word in words))
    yield from (item.location for item in pushing if context is not None and is_below(item.location.path, context))
