"""The inputs of each environment: what production runs with are the defaults, the others relax them here and nowhere else."""

from __future__ import annotations

from terraform import names
from terraform.concerns import elasticache, rds
from terraform.concerns.foundation import Foundation
from terraform.hcl import write_assignments
from terraform.layout import HEADER
from terraform.plan import Environment
from terraform.values import Synthesised, escape

FOLDER = "envs"


def slugs(base: Foundation) -> dict[str, str]:
    """Return the short name of each environment of the plan."""
    return names.unique_slugs([item.name for item in base.plan.environments], names.ENVIRONMENT_LENGTH)


def files(base: Foundation) -> dict[str, str]:
    """Return a tfvars file and a backend file for each environment."""
    found = {}
    for environment in base.plan.environments:
        name = slugs(base)[environment.name]
        found[f"{FOLDER}/{name}.tfvars"] = write_assignments(_inputs(base, environment, name), HEADER)
        found[f"{FOLDER}/{name}.s3.tfbackend"] = write_assignments(_backend(base, name), HEADER)
    return found


def _inputs(base: Foundation, environment: Environment, name: str) -> dict[str, Synthesised]:
    inputs: dict[str, Synthesised] = {"environment": escape(name), "region": base.plan.region}
    if environment.production:
        return inputs
    inputs |= {"nat_gateway_count": 1, "log_retention_days": 30, "kms_deletion_window_days": 7}
    if base.plan.secrets or base.stores:
        inputs["secret_recovery_window_days"] = 7
    for database in base.plan.postgres:
        inputs |= _small_database(rds.variable_prefix(base, database))
    for cache in base.plan.caches:
        inputs |= _small_cache(elasticache.variable_prefix(base, cache))
    return inputs


def _small_database(prefix: str) -> dict[str, Synthesised]:
    return {
        f"{prefix}_instance_class": "db.t4g.small",
        f"{prefix}_multi_az": False,
        f"{prefix}_deletion_protection": False,
        f"{prefix}_skip_final_snapshot": True,
        f"{prefix}_backup_retention_days": 7,
    }


def _small_cache(prefix: str) -> dict[str, Synthesised]:
    return {f"{prefix}_node_count": 1, f"{prefix}_failover": False, f"{prefix}_snapshot_retention_days": 1}


def _backend(base: Foundation, name: str) -> dict[str, Synthesised]:
    project = names.slug(base.plan.app, names.PROJECT_LENGTH)
    return {"key": f"{project}/{name}/terraform.tfstate", "region": base.plan.region}
