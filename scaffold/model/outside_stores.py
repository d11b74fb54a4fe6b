"""Databases that the files name and no service of a stack is: they live elsewhere, and nothing written here copies them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.names import Role
from scaffold.model.own_machine import THIS_MACHINE
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.model.starting import is_below

RECORDS = frozenset({Role.POSTGRES, Role.MYSQL, Role.MONGO})
"""The roles of stores that keep the records of applications."""
_NAMES_SERVER = regex(r"(?:^|_)(?:DATABASE|DB|POSTGRES\w*|PG|MYSQL|MARIADB|MONGO\w*)_?(?:URL|URI|DSN|HOST|HOSTNAME|SERVER)$")
_OWN_MACHINE = THIS_MACHINE | {"host.docker.internal"}


@frozen
class OutsideStore:
    """A database that lives elsewhere: what names it, by a variable of services or a line of their settings."""

    location: Location
    services: tuple[str, ...]
    variable: str = ""
    engine: str = "database"
    host: str = ""
    """The host in the settings, "" for a variable: what it holds may be a secret."""


def outside_stores(project: Project, stack: Stack) -> tuple[OutsideStore, ...]:
    """Return what the environments and settings of a stack name; nothing where a service of it keeps the records."""
    if any(service.role in RECORDS for service in stack.services):
        return ()
    return (*_by_variable(stack), *_by_settings(project, stack))


def _by_variable(stack: Stack) -> Iterator[OutsideStore]:
    found: dict[str, tuple[Location, list[str]]] = {}
    for service in stack.services:
        for entry in service.environment:
            if names_server(entry) and not _is_inside(_host(entry), stack):
                found.setdefault(entry.name, (entry.location, []))[1].append(service.name)
    yield from (OutsideStore(location, tuple(users), variable=name) for name, (location, users) in found.items())


def _by_settings(project: Project, stack: Stack) -> Iterator[OutsideStore]:
    known = set()
    for fact in project.code_facts if any(fact.kind == "names-database" for fact in project.code_facts) else ():
        engine, _, host = fact.detail.rpartition(" ") if fact.kind == "names-database" else ("", "", "")
        users = tuple(item.name for item in stack.services if engine and _reads(project, item, fact.location.path))
        if users and host not in known and not _is_inside(host, stack):
            known.add(host)
            yield OutsideStore(fact.location, users, engine=engine, host=host)


def _reads(project: Project, service: Service, path: str) -> bool:
    """Whether a settings file is in the image of an application, or mounted by it: itself, its folder, or a variant of it that
    git does not track (`settings.local.yaml` beside `settings.production.yaml`).
    """
    if service.is_datastore:
        return False
    mounted = [mount.resolved for mount in service.mounts if mount.kind == "bind" and mount.resolved]
    folder, _, name = path.rpartition("/")
    variant = f"{folder}/{name.partition('.')[0]}." if folder else f"{name.partition('.')[0]}."
    if any(is_below(path, place) or place.startswith(variant) for place in mounted):
        return True
    return service.made is not None and is_in_image(project, service, path)


def names_server(entry: EnvValue) -> bool:
    """Whether an entry by its name holds the address of a database server, and no file of SQLite (`file:` of Prisma) or H2."""
    value = (entry.value or "").lower()
    is_file = value.startswith(("file:", "jdbc:h2:")) or "sqlite" in value
    return _NAMES_SERVER.search(entry.name) is not None and not is_file


def _host(entry: EnvValue) -> str:
    value = entry.value or ""
    return (url_host(value) or "") if "://" in value else value.partition(":")[0]


def _is_inside(host: str, stack: Stack) -> bool:
    """Whether a host is a service of the stack, or the machine itself; a file or socket is no other place either."""
    return host.lower() in _OWN_MACHINE or host.startswith(("/", ".")) or stack.resolve_host(host) is not None
