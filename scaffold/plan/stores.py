"""Where each data store of the production stack will live, under which names, and which secrets go with it."""

from __future__ import annotations

import re

from scaffold.model.compose import Service, Stack
from scaffold.model.engines import RESERVED_USERS, VALKEY_VERSION, managed_engine, postgres_version
from scaffold.model.names import Role
from scaffold.model.target import Secret, SecretKey, Store
from scaffold.model.workload import Workload, secrets_in

_PORTS = {Role.POSTGRES: 5432, Role.REDIS: 6379}
_STORE_ROLES = (
    Role.POSTGRES,
    Role.REDIS,
    Role.MYSQL,
    Role.MONGO,
    Role.CLICKHOUSE,
    Role.VECTOR_DB,
    Role.SEARCH,
    Role.BROKER,
    Role.OBJECT_STORE,
)


def plan_stores(stack: Stack, app: str) -> tuple[Store, ...]:
    """Return every data store of the stack, sorted by service name."""
    stores = [_plan_store(service, role, app) for service in stack.services for role in _STORE_ROLES if service.role is role]
    return tuple(sorted(stores, key=lambda store: store.service))


def _plan_store(service: Service, role: Role, app: str) -> Store:
    if role not in {Role.POSTGRES, Role.REDIS}:
        reason = f"AWS has no drop-in managed service for {service.image or service.name} that scaffold provisions"
        return Store(service.name, role, "container", reason, source_version=service.datastore_version)
    postgres = role is Role.POSTGRES
    engine, reason = managed_engine(service.image, postgres=postgres)
    if not engine:
        return Store(service.name, role, "container", reason, source_version=service.datastore_version)
    version = postgres_version(service.datastore_version) if postgres else VALKEY_VERSION
    return Store(
        service.name,
        role,
        "managed",
        reason,
        engine,
        version,
        service.datastore_version,
        database=_database_name(service, app) if postgres else "",
        user=_user_name(service, app) if postgres else "",
        declared_database=_declared_database(service) if postgres else "",
        port=_PORTS[role],
        broker=service.has_role(Role.BROKER),
    )


def _identifier(text: str, limit: int) -> str:
    """Return `text` as an identifier of letters, digits and underscores that starts with a letter (RDS API)."""
    cleaned = re.sub(r"[^a-z0-9_]+", "_", text.lower()).strip("_")
    return re.sub(r"^[^a-z]+", "", cleaned)[:limit].strip("_") or "app"


def _plain_env(service: Service, name: str) -> str:
    entry = service.env(name)
    return (entry.value or "") if entry else ""


def _database_name(service: Service, app: str) -> str:
    """Return the database to create, "" when it is the one that always exists."""
    declared = _plain_env(service, "POSTGRES_DB") or _plain_env(service, "POSTGRESQL_DATABASE")
    return "" if declared == "postgres" else _identifier(declared or app, 63)


def _declared_database(service: Service) -> str:
    """Return the database that the image creates: as declared, else named like its user, else `postgres`."""
    names = ("POSTGRES_DB", "POSTGRESQL_DATABASE", "POSTGRES_USER", "POSTGRESQL_USERNAME")
    return next((value for name in names if (value := _plain_env(service, name))), "postgres")


def _user_name(service: Service, app: str) -> str:
    """Return the role of the application: the one it has today, unless that name is the master's or refused by RDS."""
    declared = _identifier(_plain_env(service, "POSTGRES_USER") or "postgres", 16)
    return f"{_identifier(app, 12)}_app" if declared in RESERVED_USERS or declared.startswith("pg_") else declared


def plan_secrets(stores: tuple[Store, ...], workloads: tuple[Workload, ...]) -> tuple[Secret, ...]:
    """Return one secret per managed store and one for the application's own values, with who reads each key.

    A value that logs in to a managed store comes out of the store's secret: people fill in the others only.
    """
    users: dict[tuple[str, str], set[tuple[str, str]]] = {
        (store.service, "password"): set() for store in stores if store.placement == "managed"
    }
    for workload in workloads:
        for variable in workload.environment:
            for piece in secrets_in(variable.value):
                users.setdefault((piece.text, piece.field), set()).add((workload.service, variable.name))
        for mount in workload.mounts:
            if mount.kind == "secret":
                users.setdefault((mount.name, mount.key), set()).add((workload.service, mount.path))
    managed = {store.service for store in stores if store.placement == "managed"}
    names = sorted({name for name, _ in users}, key=lambda name: (name not in managed, name))
    return tuple(
        _secret(name, managed, {key: found for (owner, key), found in users.items() if owner == name}) for name in names
    )


def _secret(name: str, managed: set[str], users: dict[str, set[tuple[str, str]]]) -> Secret:
    keys = tuple(SecretKey(key, tuple(sorted(found))) for key, found in sorted(users.items()))
    return Secret(name, "store", keys, name) if name in managed else Secret(name, "application", keys)
