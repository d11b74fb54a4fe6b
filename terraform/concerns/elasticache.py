"""Valkey on ElastiCache: TLS, a login by password that no state file holds, two nodes, snapshots."""

from __future__ import annotations

from dataclasses import dataclass

from terraform import names
from terraform.concerns.foundation import Foundation, credentials_version, log_group
from terraform.concerns.network import Door, Network, store_group
from terraform.plan import Cache
from terraform.resource import Reference, Variable
from terraform.values import Expression, Value, join

FILE = "elasticache.tf"
USER = "default"
"""Compose URLs (`redis://:password@host`) carry no user, which Redis takes for the user of this name."""


@dataclass(frozen=True, slots=True)
class BuiltCache:
    """One built cache; `user` keeps its id as long as the cache knows the password."""

    store: Cache
    group: Reference
    user: Reference
    password: Expression
    password_version: Expression
    address: Expression
    """The host that the application connects to."""
    login: str | Expression
    """The name that the application logs in as."""


@dataclass(frozen=True, slots=True)
class _Shared:
    network: Network
    application: Expression
    key: Reference
    subnets: Reference


def build(base: Foundation, network: Network, application: Expression, key: Reference) -> tuple[BuiltCache, ...]:
    """Add the subnets that all caches share, then each of them."""
    stores = base.plan.elasticache
    if not stores:
        return ()
    subnets: dict[str, Value] = {"name": base.named("elasticache"), "subnet_ids": network.data_subnets}
    group = base.stack.resource(FILE, "aws_elasticache_subnet_group", "main", subnets)
    shared = _Shared(network, application, key, group)
    return tuple(_cache(base, store, shared) for store in stores)


def variable_prefix(base: Foundation, store: Cache) -> str:
    """Return how the inputs of a cache start: `cache`, and the store's name where there are several."""
    return "cache" if len(base.plan.caches) == 1 else f"cache_{names.identifier(base.stores[store.service])}"


def _cache(base: Foundation, store: Cache, shared: _Shared) -> BuiltCache:
    short = base.stores[store.service]
    name = "main" if len(base.plan.caches) == 1 else names.identifier(short)
    prefix = variable_prefix(base, store)
    for variable in _variables(prefix, store):
        base.variable(variable)
    place = f"elasticache_{names.identifier(short)}"
    secured = store_group(
        base, shared.network, shared.application, Door(FILE, place, f"{short}-elasticache", "Valkey", store.port)
    )
    password = base.stack.ephemeral(
        FILE, "aws_secretsmanager_random_password", place, {"password_length": 48, "exclude_punctuation": True}
    ).attribute("random_password")
    version = credentials_version(base, prefix, f"the cache of the service {store.service}")
    user, users = _users(base, name, short, password, version)
    group = base.stack.resource(
        FILE,
        "aws_elasticache_replication_group",
        name,
        {
            **_identity(base, store, short, prefix),
            "subnet_group_name": shared.subnets.attribute("name"),
            "security_group_ids": [secured.attribute("id")],
            "parameter_group_name": _parameters(base, store, name, short, prefix).attribute("name"),
            **_protection(base, short, prefix, shared.key),
            "user_group_ids": [users.attribute("id")],
            "log_delivery_configuration": [_log(base, short, log, shared.key) for log in ("engine", "slow")],
        },
    )
    return BuiltCache(store, group, user, password, version, group.attribute("primary_endpoint_address"), USER)


def _identity(base: Foundation, store: Cache, short: str, prefix: str) -> dict[str, Value]:
    return {
        "replication_group_id": base.named(short),
        "description": join("Valkey of ", base.name),
        "engine": "valkey",
        "engine_version": Expression(f"var.{prefix}_engine_version"),
        "node_type": Expression(f"var.{prefix}_node_type"),
        "num_cache_clusters": Expression(f"var.{prefix}_node_count"),
        "automatic_failover_enabled": Expression(f"var.{prefix}_failover"),
        "multi_az_enabled": Expression(f"var.{prefix}_failover"),
        "port": store.port,
    }


def _protection(base: Foundation, short: str, prefix: str, key: Reference) -> dict[str, Value]:
    return {
        "at_rest_encryption_enabled": True,
        "kms_key_id": key.attribute("arn"),
        "transit_encryption_enabled": True,
        "transit_encryption_mode": "required",
        "snapshot_retention_limit": Expression(f"var.{prefix}_snapshot_retention_days"),
        "snapshot_window": "02:00-03:00",
        "final_snapshot_identifier": join(base.name, f"-{short}-final-", Expression("var.final_snapshot_suffix")),
        "maintenance_window": "sun:03:30-sun:04:30",
        "auto_minor_version_upgrade": True,
    }


def _users(base: Foundation, name: str, short: str, password: Expression, version: Expression) -> tuple[Reference, Reference]:
    user = base.stack.resource(
        FILE,
        "aws_elasticache_user",
        name,
        {
            "user_id": base.named(short),
            "user_name": USER,
            "engine": "valkey",
            "access_string": "on ~* &* +@all",
            "passwords_wo": password,
            "passwords_wo_version": version,
        },
    )
    members: Value = [user.attribute("user_id")]
    arguments: dict[str, Value] = {"user_group_id": base.named(short), "engine": "valkey", "user_ids": members}
    return user, base.stack.resource(FILE, "aws_elasticache_user_group", name, arguments)


def _parameters(base: Foundation, store: Cache, name: str, short: str, prefix: str) -> Reference:
    """ElastiCache names the families by the major alone: valkey7, valkey8, valkey9."""
    major = Expression(f'split(".", var.{prefix}_engine_version)[0]')
    return base.stack.resource(
        FILE,
        "aws_elasticache_parameter_group",
        name,
        {
            "name": join(base.name, f"-{short}-valkey", major),
            "family": join("valkey", major),
            "description": join("Valkey of ", base.name),
            "parameter": [
                {"name": "maxmemory-policy", "value": Expression(f"var.{prefix}_maxmemory_policy")},
                *([{"name": "notify-keyspace-events", "value": store.events}] if store.events else []),
            ],
            "lifecycle": {"create_before_destroy": True},
        },
    )


def _log(base: Foundation, short: str, log: str, key: Reference) -> Value:
    path = join("/aws/elasticache/", base.name, f"-{short}/{log}-log")
    group = log_group(base, FILE, names.identifier(f"elasticache_{short}_{log}"), path, key)
    return {
        "log_type": f"{log}-log",
        "log_format": "json",
        "destination_type": "cloudwatch-logs",
        "destination": group.attribute("name"),
    }


def _variables(prefix: str, store: Cache) -> tuple[Variable, ...]:
    what = f"the cache of the service {store.service}"
    return (
        Variable(
            f"{prefix}_engine_version",
            "string",
            f"Valkey version of {what}.",
            store.version or None,
            f'can(regex("^[789][.][0-9]+$", var.{prefix}_engine_version))',
            "A Valkey version with its minor, such as 8.2.",
        ),
        Variable(
            f"{prefix}_node_type",
            "string",
            f"Node type of {what}.",
            "cache.t4g.small",
            f'startswith(var.{prefix}_node_type, "cache.")',
            "An ElastiCache node type such as cache.t4g.small.",
        ),
        Variable(
            f"{prefix}_node_count",
            "number",
            f"Nodes of {what}: one primary, the others replicas.",
            2,
            f"var.{prefix}_node_count >= 1 && var.{prefix}_node_count <= 6",
            "From 1 to 6 nodes.",
        ),
        Variable(
            f"{prefix}_failover",
            "bool",
            f"Whether a replica in another zone takes over when the primary of {what} is lost.",
            default=True,
            condition=f"!var.{prefix}_failover || var.{prefix}_node_count > 1",
            error="Failover needs at least two nodes.",
        ),
        Variable(
            f"{prefix}_maxmemory_policy",
            "string",
            _eviction(store, what),
            "noeviction" if store.broker else store.eviction or "volatile-lru",
            f'can(regex("^(noeviction|(allkeys|volatile)-(lru|lfu|random)|volatile-ttl)$", var.{prefix}_maxmemory_policy))',
            "One of Valkey's policies, such as noeviction.",
        ),
        Variable(
            f"{prefix}_snapshot_retention_days",
            "number",
            f"Days for which the daily snapshot of {what} is kept.",
            7,
            f"var.{prefix}_snapshot_retention_days >= 1 && var.{prefix}_snapshot_retention_days <= 35",
            "From 1 to 35 days.",
        ),
    )


def _eviction(store: Cache, what: str) -> str:
    if store.broker:
        return f"What happens when the memory of {what} is full. It holds jobs: anything but noeviction loses them."
    if store.eviction:
        return f"What happens when the memory of {what} is full: as its compose file says."
    return f"What happens when the memory of {what} is full: volatile-lru gives up keys that expire anyway."
