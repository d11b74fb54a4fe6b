"""The inputs of each environment: what production runs with are the defaults, the others relax them here and nowhere else."""

from __future__ import annotations

from terraform import names
from terraform.concerns import elasticache, rds
from terraform.concerns.foundation import Foundation
from terraform.hcl import write_assignments
from terraform.layout import HEADER
from terraform.plan import Environment
from terraform.values import Synthesised

FOLDER = "envs"


def owner(base: Foundation) -> str:
    """Return the environment whose state makes what an account has once: the first one for production, else the first."""
    environments = base.plan.environments
    return next((item.name for item in environments if item.production), environments[0].name)


def files(base: Foundation) -> dict[str, str]:
    """Return a tfvars file and a backend file for each environment."""
    found = {}
    for environment in base.plan.environments:
        found[f"{FOLDER}/{environment.name}.tfvars"] = write_assignments(_inputs(base, environment), HEADER)
        found[f"{FOLDER}/{environment.name}.s3.tfbackend"] = write_assignments(_backend(base, environment.name), HEADER)
    return found


def _inputs(base: Foundation, environment: Environment) -> dict[str, Synthesised]:
    inputs: dict[str, Synthesised] = {"environment": environment.name, "region": base.plan.region}
    if environment.name != owner(base):
        inputs |= {"create_registry": False} if base.plan.images else {}
        inputs["create_github_oidc_provider"] = False
    if environment.production:
        return inputs
    inputs |= {"nat_gateway_count": 1, "log_retention_days": 30, "kms_deletion_window_days": 7}
    inputs |= _small_cluster() if base.plan.compute == "eks" else {}
    relaxed: dict[str, Synthesised] = {"backup_retention_days": 7, "backup_vault_locked": False, "backup_lock_days": 1}
    inputs |= {variable: value for variable, value in relaxed.items() if variable in base.stack.variables}
    if base.plan.compute == "ecs":
        inputs |= _small_services(base)
    if base.plan.secrets:
        inputs["secret_recovery_window_days"] = 7
    for database in base.plan.postgres:
        inputs |= _small_database(rds.variable_prefix(base, database))
    for cache in base.plan.elasticache:
        inputs |= _small_cache(elasticache.variable_prefix(base, cache))
    for cache in base.plan.memorydb:
        inputs[f"{elasticache.variable_prefix(base, cache)}_replica_count"] = 0
    return inputs


def _small_cluster() -> dict[str, Synthesised]:
    return {"cluster_deletion_protection": False, "node_instance_types": ["t3.large"], "node_count_min": 1, "node_count_max": 3}


def _small_services(base: Foundation) -> dict[str, Synthesised]:
    counts: dict[str, Synthesised] = {item.name: 1 for item in base.plan.workloads if item.kind == "service"}
    protected = {"load_balancer_deletion_protection": False}
    return {"task_counts": counts, **{key: off for key, off in protected.items() if key in base.stack.variables}}


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
