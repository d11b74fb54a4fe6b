"""Valkey on MemoryDB, whose log survives the loss of every node: TLS, a login by password, snapshots.

The provider has no write-only password for it: the password comes in as an input, and the state holds it.
"""

from __future__ import annotations

from dataclasses import dataclass

from terraform import names
from terraform.concerns.elasticache import BuiltCache, variable_prefix
from terraform.concerns.foundation import Foundation, credentials_version
from terraform.concerns.network import Door, Network, store_group
from terraform.plan import Cache
from terraform.resource import Reference, Variable
from terraform.values import Expression, Value, join

FILE = "memorydb.tf"


@dataclass(frozen=True, slots=True)
class _Shared:
    network: Network
    application: Expression
    key: Reference
    subnets: Reference


def build(base: Foundation, network: Network, application: Expression, key: Reference) -> tuple[BuiltCache, ...]:
    """Add the subnets that all caches share, then each of them."""
    stores = base.plan.memorydb
    if not stores:
        return ()
    subnets: dict[str, Value] = {"name": base.named("memorydb"), "subnet_ids": network.data_subnets}
    group = base.stack.resource(FILE, "aws_memorydb_subnet_group", "main", subnets)
    shared = _Shared(network, application, key, group)
    return tuple(_cache(base, store, shared) for store in stores)


def _cache(base: Foundation, store: Cache, shared: _Shared) -> BuiltCache:
    short = base.stores[store.service]
    name = "main" if len(base.plan.caches) == 1 else names.identifier(short)
    prefix = variable_prefix(base, store)
    what = f"the cache of the service {store.service}"
    for variable in _variables(prefix, store, what):
        base.variable(variable)
    password = Expression(f"var.{prefix}_password")
    version = credentials_version(base, prefix, what)
    door = Door(FILE, f"memorydb_{names.identifier(short)}", f"{short}-memorydb", "Valkey", store.port)
    secured = store_group(base, shared.network, shared.application, door)
    user = _user(base, name, short, password)
    members: Value = [user.attribute("user_name")]
    acl = base.stack.resource(FILE, "aws_memorydb_acl", name, {"name": base.named(short), "user_names": members})
    cluster = base.stack.resource(
        FILE,
        "aws_memorydb_cluster",
        name,
        {
            "name": base.named(short),
            "description": join("Valkey of ", base.name),
            "engine": "valkey",
            "engine_version": Expression(f"var.{prefix}_engine_version"),
            "node_type": Expression(f"var.{prefix}_node_type"),
            "num_shards": 1,
            "num_replicas_per_shard": Expression(f"var.{prefix}_replica_count"),
            "port": store.port,
            "acl_name": acl.attribute("name"),
            "subnet_group_name": shared.subnets.attribute("name"),
            "security_group_ids": [secured.attribute("id")],
            "parameter_group_name": _parameters(base, store, name, short, prefix).attribute("name"),
            "tls_enabled": True,
            "kms_key_arn": shared.key.attribute("arn"),
            "snapshot_retention_limit": Expression(f"var.{prefix}_snapshot_retention_days"),
            "snapshot_window": "02:00-03:00",
            "final_snapshot_name": join(base.name, f"-{short}-final-", Expression("var.final_snapshot_suffix")),
            "maintenance_window": "sun:03:30-sun:04:30",
            "auto_minor_version_upgrade": True,
        },
    )
    address = Expression(f"{cluster.attribute('cluster_endpoint').code}[0].address")
    return BuiltCache(store, cluster, user, password, version, address, user.attribute("user_name"))


def _user(base: Foundation, name: str, short: str, password: Expression) -> Reference:
    return base.stack.resource(
        FILE,
        "aws_memorydb_user",
        name,
        {
            "user_name": base.named(short),
            "access_string": "on ~* &* +@all",
            "authentication_mode": {"type": "password", "passwords": [password]},
        },
    )


def _parameters(base: Foundation, store: Cache, name: str, short: str, prefix: str) -> Reference:
    """MemoryDB names the families by the major alone: memorydb_valkey7."""
    major = Expression(f'split(".", var.{prefix}_engine_version)[0]')
    return base.stack.resource(
        FILE,
        "aws_memorydb_parameter_group",
        name,
        {
            "name": join(base.name, f"-{short}-valkey", major),
            "family": join("memorydb_valkey", major),
            "description": join("Valkey of ", base.name),
            **({"parameter": [{"name": "notify-keyspace-events", "value": store.events}]} if store.events else {}),
            "lifecycle": {"create_before_destroy": True},
        },
    )


def _variables(prefix: str, store: Cache, what: str) -> tuple[Variable, ...]:
    return (
        Variable(
            f"{prefix}_engine_version",
            "string",
            f"Valkey version of {what}.",
            store.version or None,
            f'can(regex("^[789][.][0-9]+$", var.{prefix}_engine_version))',
            "A Valkey version with its minor, such as 7.3.",
        ),
        Variable(
            f"{prefix}_node_type",
            "string",
            f"Node type of {what}.",
            "db.t4g.small",
            f'startswith(var.{prefix}_node_type, "db.")',
            "A MemoryDB node type such as db.t4g.small.",
        ),
        Variable(
            f"{prefix}_replica_count",
            "number",
            f"Replicas of {what}, each in another zone.",
            1,
            f"var.{prefix}_replica_count >= 0 && var.{prefix}_replica_count <= 5",
            "From 0 to 5 replicas.",
        ),
        Variable(
            f"{prefix}_snapshot_retention_days",
            "number",
            f"Days for which the daily snapshot of {what} is kept.",
            7,
            f"var.{prefix}_snapshot_retention_days >= 1 && var.{prefix}_snapshot_retention_days <= 35",
            "From 1 to 35 days.",
        ),
        Variable(
            f"{prefix}_password",
            "string",
            f"Password of the application at {what}, given as TF_VAR_{prefix}_password; the state holds it.",
            None,
            f'can(regex("^[A-Za-z0-9]{{16,128}}$", var.{prefix}_password))',
            "From 16 to 128 letters and digits.",
            sensitive=True,
        ),
    )
