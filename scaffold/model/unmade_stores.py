"""Databases and users that services name in a stack, and that its database server does not make as it first starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.store_urls import store_url

_IMAGES = {
    Role.POSTGRES: frozenset({"postgres", "postgis", "pgvector", "timescaledb"}),
    Role.MYSQL: frozenset({"mysql", "mariadb"}),
}
"""Images whose entrypoint makes one user and one database by their variables, and nothing else."""
_BASES = {Role.POSTGRES: ("POSTGRES_DB",), Role.MYSQL: ("MYSQL_DATABASE", "MARIADB_DATABASE")}
_USERS = {Role.POSTGRES: ("POSTGRES_USER",), Role.MYSQL: ("MYSQL_USER", "MARIADB_USER")}
_OF_THE_SERVER = {
    Role.POSTGRES: frozenset({"postgres", "template1"}),
    Role.MYSQL: frozenset({"root", "mysql", "information_schema", "performance_schema", "sys"}),
}
"""Databases and users that are there in any case."""
_HOSTS = ("_HOST", "_HOSTNAME", "_SERVER")
_NAMES = {"database": ("_NAME", "_DATABASE", "_DB", "_DBNAME", "_DB_NAME"), "user": ("_USER", "_USERNAME")}
"""Ends of variables that name the parts of a connection one by one."""


@frozen
class Unmade:
    """A database or a user (kind) that a service names by an entry, and what its server makes instead, by which entry."""

    kind: str
    name: str
    service: Service
    entry: EnvValue
    store: Service
    made: str
    maker: EnvValue


def unmade(stack: Stack) -> Iterator[Unmade]:
    """Yield what the services of a stack name of its database servers, where a server of an official image makes another."""
    stores = {service.name: service for service in stack.services if _is_plain(service)}
    for service in stack.services if stores else ():
        for store_name, kind, name, entry in _named(stack, service):
            store = stores.get(store_name)
            if store is None or store is service or not name or name in _OF_THE_SERVER[store.role or Role.POSTGRES]:
                continue
            found = _made(store, kind)
            if found is not None and name != found[0]:
                yield Unmade(kind, name, service, entry, store, *found)


def _is_plain(store: Service) -> bool:
    """Whether a server starts as its official image does: no files for the first start, no command of its own."""
    images = _IMAGES.get(store.role) if store.role else None
    if images is None or store.build is not None or store.image is None or store.image.name not in images:
        return False
    if store.entrypoint is not None or store.pre_start or store.node.get("configs") is not None:
        return False
    if any("initdb" in mount.target or mount.kind == "bind" for mount in store.mounts if "data" not in mount.target):
        return False
    return not any("MULTIPLE" in entry.name or "EXTRA" in entry.name for entry in store.environment)


def _made(store: Service, kind: str) -> tuple[str, EnvValue] | None:
    """Return the name that the server's own variables give, and the variable; None where none does or its value is open."""
    role = store.role or Role.POSTGRES
    names = _USERS[role] if kind == "user" else (*_BASES[role], *(_USERS[role] if role is Role.POSTGRES else ()))
    entry = next(filter(None, (store.env(name) for name in names)), None)
    value = (entry.value or "").strip("\"' ") if entry else ""
    return (value, entry) if entry is not None and value else None


def _named(stack: Stack, service: Service) -> Iterator[tuple[str, str, str, EnvValue]]:
    """Yield the server, the kind, the name and the entry of each database and user that a service names."""
    for entry in service.environment:
        value = (entry.value or "").strip("\"' ")
        url = store_url(value) if "://" in value else None
        host = url.host if url else value if entry.name.endswith(_HOSTS) else ""
        store = stack.resolve_host(host) if host else None
        if store is None:
            continue
        if url is not None:
            yield store.name, "database", url.database, entry
            yield store.name, "user", url.user, entry
            continue
        prefix = next(entry.name.removesuffix(end) for end in _HOSTS if entry.name.endswith(end))
        for kind, ends in _NAMES.items():
            other = next(filter(None, (service.env(prefix + end) for end in ends)), None)
            if other is not None:
                yield store.name, kind, (other.value or "").strip("\"' "), other
