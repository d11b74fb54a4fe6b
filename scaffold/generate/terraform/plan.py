"""The plan of the Terraform app as JSON data: what of the Target decides the infrastructure, and nothing else."""

from __future__ import annotations

from scaffold.generate.terraform.workloads import composed_keys, lost_on_fargate, plan_settings, plan_workloads
from scaffold.model.engines import MASTER_USER
from scaffold.model.target import APPLICATION_SECRET, Secret, Store, Target

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
        "branch": target.delivery.branches[0] if target.delivery else "main",
        "environments": [{"name": item.name, "production": item.production} for item in target.environments],
        "postgres": [_postgres(store) for store in managed if store.engine == "postgres"],
        "caches": [_cache(store) for store in managed if store.engine == "valkey"],
        "secrets": [_secret(secret, target) for secret in target.secrets],
        "images": [{"name": image.name, "repository": image.repository} for image in target.images],
        "volumes": [{"name": volume.name, "shared": volume.shared} for volume in target.volumes],
        "buckets": [{"purpose": bucket.purpose, "workloads": list(bucket.workloads)} for bucket in target.buckets],
        "workloads": plan_workloads(target),
        "settings": plan_settings(target),
        "lost": [{"service": service, "what": what, "why": why} for service, what, why in lost_on_fargate(target)],
        "chart": target.compute == "eks" and not target.lacks_chart,
        "left_out": [{"service": item.service, "why": item.reason} for item in target.left_out] if target.lacks_chart else [],
    }


def _postgres(store: Store) -> dict[str, object]:
    return {
        "service": store.service,
        "version": store.version,
        "database": store.database or _ALWAYS_THERE,
        "user": store.user,
        "master": MASTER_USER,
        "port": store.port,
    }


def _cache(store: Store) -> dict[str, object]:
    return {
        "service": store.service,
        "product": store.product,
        "version": store.version,
        "port": store.port,
        "broker": store.broker,
        "eviction": store.eviction,
        "events": store.events,
    }


def _secret(secret: Secret, target: Target) -> dict[str, object]:
    added = composed_keys(target) if secret.name == APPLICATION_SECRET else []
    return {
        "name": secret.name,
        "keys": [*(key.key for key in secret.keys), *added],
        "store": secret.store,
        "host": secret.host_only,
    }
