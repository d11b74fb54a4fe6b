"""The plan of the Terraform app as JSON data: what of the Target decides the infrastructure, and nothing else."""

from __future__ import annotations

from scaffold.model.target import Secret, Store, Target

_MANAGED = "managed"
_ALWAYS_THERE = "postgres"
"""The database that every PostgreSQL server has."""


def make_plan(target: Target) -> dict[str, object]:
    """Return the plan: one key for each field of the app's own Plan."""
    managed = [store for store in target.stores if store.placement == _MANAGED]
    return {
        "app": target.app,
        "region": target.region,
        "compute": target.compute,
        "environments": [{"name": item.name, "production": item.production} for item in target.environments],
        "postgres": [_postgres(store) for store in managed if store.engine == "postgres"],
        "caches": [_cache(store) for store in managed if store.engine == "valkey"],
        "secrets": [_secret(secret) for secret in target.secrets],
    }


def _postgres(store: Store) -> dict[str, object]:
    return {
        "service": store.service,
        "version": store.version,
        "database": store.database or _ALWAYS_THERE,
        "user": store.user,
        "port": store.port,
    }


def _cache(store: Store) -> dict[str, object]:
    return {"service": store.service, "version": store.version, "port": store.port, "broker": store.broker}


def _secret(secret: Secret) -> dict[str, object]:
    return {"name": secret.name, "keys": [key.key for key in secret.keys], "store": secret.store}
