"""Where each data store of the production stack will live, under which names, and which secrets go with it."""

from __future__ import annotations

import re

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import VariableReference, scalars_of
from scaffold.model.engines import RESERVED_USERS, VALKEY_VERSION, managed_engine, postgres_version
from scaffold.model.names import Role
from scaffold.model.secrets import is_sensitive_name, url_host, url_password
from scaffold.model.target import Secret, SecretKey, Store

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
    """Return one secret per managed store and one for the application's own sensitive variables.

    A variable that logs in to a managed store takes its value from the store's secret: people fill in the others only.
    """
    managed = {store.service for store in stores if store.placement == "managed"}
    users: dict[tuple[str, str], list[tuple[str, str]]] = {(store, "password"): [] for store in managed}
    for service in stack.services:
        if _runs_own_code(service):
            for entry in service.environment:
                place = _place_of(entry, stack, managed)
                if place:
                    users.setdefault(place, []).append((service.name, entry.name))
    names = sorted({name for name, _ in users}, key=lambda name: (name == "", name))
    return tuple(_secret(name, {key: found for (owner, key), found in users.items() if owner == name}) for name in names)


def _secret(store: str, users: dict[str, list[tuple[str, str]]]) -> Secret:
    keys = tuple(SecretKey(key, tuple(sorted(found))) for key, found in sorted(users.items()))
    return Secret(store or "app", "store" if store else "application", keys, store)


def _place_of(entry: EnvValue, stack: Stack, managed: set[str]) -> tuple[str, str] | None:
    """Return the store ("" for the application's own secret) and the key that give a variable its value."""
    value = entry.value or ""
    host = url_host(value)
    home = stack.resolve_host(host) if host else None
    if home is not None and home.name in managed:
        return (home.name, "url")
    if not is_sensitive_name(entry.name) and not url_password(value):
        return None
    variables = {reference.name for reference in entry.references}
    for name in sorted(managed):
        store = stack.service(name)
        if store is not None and variables & _login_variables(store):
            return (name, "password")
    return ("", entry.name)


def _login_variables(store: Service) -> set[str]:
    """Return the variables from which a store takes its own password: in its environment or in its command."""
    found = {ref.name for entry in store.environment if is_sensitive_name(entry.name) for ref in entry.references}
    return found | {ref.name for ref in _command_references(store) if is_sensitive_name(ref.name)}


def _command_references(store: Service) -> tuple[VariableReference, ...]:
    return tuple(ref for scalar in scalars_of(store.node.get("command")) for ref in scalar.references)


def _runs_own_code(service: Service) -> bool:
    if service.is_datastore:
        return False
    return service.is_application or service.has_role(Role.ONE_SHOT) or service.build is not None
