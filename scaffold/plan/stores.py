"""Where each data store of the production stack will live, under which names, and which secrets go with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from scaffold.model.cluster_backup import BACKUP_SECRET
from scaffold.model.compose import Service, Stack
from scaffold.model.engines import (
    ELASTICACHE,
    MEMORYDB,
    MEMORYDB_VERSION,
    RDS,
    VALKEY_VERSION,
    managed_engine,
    postgres_version,
)
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.target import APPLICATION_SECRET, HOST_SECRET, Secret, SecretKey, Store
from scaffold.model.workload import Workload, secrets_in
from scaffold.plan.names import database_name, database_role, secret_name

_EVICTION = regex(
    r"--maxmemory-policy[= ]+[\"']?(?P<value>noeviction|(?:allkeys|volatile)-(?:lru|lfu|random)|volatile-ttl)\b",
    words=("--maxmemory-policy",),
)
_EVENTS = regex(r"--notify[-_]keyspace[-_]events[= ]+[\"']?(?P<value>[A-Za-z$]+)", words=("--notify",))
"""Options of a server of Redis, Valkey or Dragonfly whose clients count on them."""
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


def plan_stores(
    stack: Stack, app: str, redis: str = ELASTICACHE, databases: Mapping[str, str] | None = None
) -> tuple[Store, ...]:
    """Return every data store of the stack, sorted by service name; `redis` is the product that the settings ask for, and
    `databases` are those that the code names itself, by service.
    """
    named = databases or {}
    stores = [
        _with_database(_plan_store(service, role, app, redis), named)
        for service in stack.services
        for role in _STORE_ROLES
        if service.role is role
    ]
    return _with_secrets(sorted(stores, key=lambda store: store.service))


def _with_database(store: Store, named: Mapping[str, str]) -> Store:
    """Return a store with the database that the code opens in it, where no variable says which."""
    name = named.get(store.service, "") if store.engine == "postgres" else ""
    return replace(store, database=database_name(name)) if name else store


def _with_secrets(stores: list[Store]) -> tuple[Store, ...]:
    """Return the stores, the managed ones with the name of the secret that holds the application's login."""
    taken = {APPLICATION_SECRET, BACKUP_SECRET, HOST_SECRET}
    found = []
    for store in stores:
        if store.placement == "managed":
            name = secret_name(store.service, taken)
            taken.add(name)
            store = replace(store, secret=name)  # noqa: PLW2901 - the same store, completed
        found.append(store)
    return tuple(found)


def _plan_store(service: Service, role: Role, app: str, redis: str) -> Store:
    if role not in {Role.POSTGRES, Role.REDIS}:
        reason = f"AWS has no drop-in managed service for {service.image or service.name} that scaffold provisions"
        return Store(service.name, role, "container", reason)
    postgres = role is Role.POSTGRES
    engine, reason = managed_engine(service.image, postgres=postgres)
    if service.image is None and service.build is None and service.image_references:
        reason = f"no file gives {service.image_references[0].name} a value, which names its image"
    if not engine:
        return Store(service.name, role, "container", reason)
    return _database(service, app, reason) if postgres else _cache(service, reason, redis)


def _database(service: Service, app: str, reason: str) -> Store:
    return Store(
        service.name,
        Role.POSTGRES,
        "managed",
        reason,
        "postgres",
        postgres_version(service.datastore_version),
        database=_database_name(service, app),
        user=_user_name(service, app),
        declared_database=_declared_database(service),
        port=_PORTS[Role.POSTGRES],
        product=RDS,
    )


def _cache(service: Service, reason: str, redis: str) -> Store:
    """MemoryDB is always a sharded cluster, in which the queue libraries' scripts fail (CROSSSLOT): jobs stay off it."""
    broker = service.has_role(Role.BROKER)
    product = ELASTICACHE if broker else redis
    if product != redis:
        reason = f"{reason}; not MemoryDB, whose shards refuse the commands over several keys that its queue library sends"
    elif product == MEMORYDB:
        reason = reason.replace("Amazon ElastiCache for Valkey", "Amazon MemoryDB for Valkey")
    return Store(
        service.name,
        Role.REDIS,
        "managed",
        reason,
        "valkey",
        MEMORYDB_VERSION if product == MEMORYDB else VALKEY_VERSION,
        port=_PORTS[Role.REDIS],
        broker=broker,
        eviction=_option(service, _EVICTION),
        events=_option(service, _EVENTS),
        product=product,
    )


def _option(service: Service, pattern: re.Pattern[str]) -> str:
    found = pattern.search(" ".join(service.command or ()))
    return found["value"] if found else ""


def _plain_env(service: Service, name: str) -> str:
    entry = service.env(name)
    return (entry.value or "") if entry else ""


def _database_name(service: Service, app: str) -> str:
    """Return the database to create, "" when it is the one that always exists."""
    declared = _plain_env(service, "POSTGRES_DB") or _plain_env(service, "POSTGRESQL_DATABASE")
    return "" if declared == "postgres" else database_name(declared or app)


def _declared_database(service: Service) -> str:
    """Return the database that the image creates: as declared, else named like its user, else `postgres`."""
    names = ("POSTGRES_DB", "POSTGRESQL_DATABASE", "POSTGRES_USER", "POSTGRESQL_USERNAME")
    return next((value for name in names if (value := _plain_env(service, name))), "postgres")


def _user_name(service: Service, app: str) -> str:
    """Return the role of the application: the one it has today, unless that name is the master's or refused by RDS."""
    return database_role(_plain_env(service, "POSTGRES_USER") or _plain_env(service, "POSTGRESQL_USERNAME"), app)


def plan_secrets(stores: tuple[Store, ...], workloads: tuple[Workload, ...]) -> tuple[Secret, ...]:
    """Return one secret per managed store and one for the application's own values, with who reads each key.

    A value that logs in to a managed store comes out of the store's secret: people fill in the others only.
    """
    users: dict[tuple[str, str], set[tuple[str, str]]] = {
        (store.secret, "password"): set() for store in stores if store.placement == "managed"
    }
    for workload in workloads:
        for variable in workload.environment:
            for piece in secrets_in(variable.value):
                users.setdefault((piece.text, piece.field), set()).add((workload.service, variable.name))
        for mount in workload.mounts:
            if mount.kind == "secret":
                users.setdefault((mount.name, mount.key), set()).add((workload.service, mount.path))
    managed = {store.secret: store.service for store in stores if store.placement == "managed"}
    names = sorted({name for name, _ in users}, key=lambda name: (name not in managed, name))
    return tuple(
        _secret(name, managed, {key: found for (owner, key), found in users.items() if owner == name}) for name in names
    )


def _secret(name: str, managed: dict[str, str], users: dict[str, set[tuple[str, str]]]) -> Secret:
    keys = tuple(SecretKey(key, tuple(sorted(found))) for key, found in sorted(users.items()))
    return Secret(name, "store", keys, managed[name]) if name in managed else Secret(name, "application", keys)
