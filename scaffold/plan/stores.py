"""Where each data store of the production stack will live, under which names, and which secrets go with it."""

from __future__ import annotations

import re

from scaffold.model.compose import Service, Stack
from scaffold.model.names import Role
from scaffold.model.secrets import is_sensitive_name, url_password
from scaffold.model.target import Secret, SecretKey, Store
from scaffold.plan.engines import RESERVED_USERS, VALKEY_VERSION, managed_engine, postgres_version

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


def _user_name(service: Service, app: str) -> str:
    """Return the role of the application: the one it has today, unless that name is the master's or refused by RDS."""
    declared = _identifier(_plain_env(service, "POSTGRES_USER") or "postgres", 16)
    return f"{_identifier(app, 12)}_app" if declared in RESERVED_USERS or declared.startswith("pg_") else declared


def plan_secrets(stack: Stack, stores: tuple[Store, ...]) -> tuple[Secret, ...]:
    """Return one secret per managed store and one for the application's own sensitive variables."""
    managed = [store for store in stores if store.placement == "managed"]
    secrets = [Secret(store.service, "store", (SecretKey("password"),), store.service) for store in managed]
    keys: dict[str, list[tuple[str, str]]] = {}
    for service in stack.services:
        if service.is_datastore or not _runs_own_code(service):
            continue
        for entry in service.environment:
            if is_sensitive_name(entry.name) or (entry.value and url_password(entry.value)):
                keys.setdefault(entry.name, []).append((service.name, entry.name))
    if keys:
        listed = tuple(SecretKey(name, tuple(sorted(users))) for name, users in sorted(keys.items()))
        secrets.append(Secret("app", "application", listed))
    return tuple(secrets)


def _runs_own_code(service: Service) -> bool:
    return service.is_application or service.has_role(Role.ONE_SHOT) or service.build is not None
