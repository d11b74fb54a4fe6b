"""The hand-over to what deploys the app: hosts, ports, names, and never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from terraform.concerns import elasticache, rds, registry
from terraform.concerns.files import Files
from terraform.concerns.foundation import Foundation
from terraform.concerns.network import Network
from terraform.concerns.secrets import BuiltSecret
from terraform.resource import Reference
from terraform.values import Expression, Value

FILE = "outputs.tf"
_DESCRIPTION = "What deploys the app reads this: terraform output -json helm_values > values-infra-<environment>.json"


@dataclass(frozen=True, slots=True)
class Built:
    """Everything that the hand-over tells about; `roles` by workload, `buckets` by purpose."""

    network: Network
    application: Expression
    key: Reference
    stores: tuple[rds.Database | elasticache.BuiltCache, ...]
    secrets: tuple[BuiltSecret, ...]
    files: Files | None
    buckets: Mapping[str, Reference]
    roles: Mapping[str, Reference]
    certificate: Expression
    github_roles: Expression


def build(base: Foundation, built: Built) -> None:
    """Add the outputs."""
    logins = {secret.plan.store: secret.reference for secret in built.secrets if secret.plan.store}
    infrastructure: dict[str, Value] = {
        "region": base.region,
        "kmsKeyArn": built.key.attribute("arn"),
        "network": {
            "vpcId": built.network.vpc.attribute("id"),
            "privateSubnetIds": built.network.private_subnets,
            "applicationSecurityGroupId": built.application,
        },
        "stores": {store.store.service: _store(store, logins[store.store.service]) for store in built.stores},
        "secrets": {secret.plan.name: secret.reference.attribute("name") for secret in built.secrets},
        "registry": registry.host(base),
        "images": {image.name: registry.url(base, image.repository) for image in base.plan.images},
        "fileSystems": _file_systems(built.files),
        "buckets": {purpose: bucket.attribute("id") for purpose, bucket in built.buckets.items()},
        "serviceAccounts": {workload: role.attribute("arn") for workload, role in built.roles.items()},
        "certificateArn": built.certificate,
    }
    base.stack.output(FILE, "helm_values", _DESCRIPTION, {"infrastructure": infrastructure})
    base.stack.output(FILE, "cluster_name", "Name of the cluster that runs the app.", base.name)
    base.stack.output(
        FILE, "github_roles", "ARNs for GitHub's variables: AWS_ROLE_ARN is `push`, `plan` may only look.", built.github_roles
    )


def _file_systems(files: Files | None) -> Value:
    if files is None:
        return {}
    system = files.system.attribute("id")
    return {
        volume: {"fileSystemId": system, "accessPointId": point.attribute("id")}
        for volume, point in files.access_points.items()
    }


def _store(store: rds.Database | elasticache.BuiltCache, login: Reference) -> Value:
    if isinstance(store, rds.Database):
        return {
            "engine": "postgres",
            "host": store.instance.attribute("address"),
            "port": store.store.port,
            "database": store.store.database,
            "username": store.store.user,
            "secretName": login.attribute("name"),
            "masterSecretArn": rds.master_secret(store.instance),
        }
    return {
        "engine": "valkey",
        "host": store.address,
        "port": store.store.port,
        "username": store.login,
        "secretName": login.attribute("name"),
    }
