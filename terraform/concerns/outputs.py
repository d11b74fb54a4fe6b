"""The hand-over to the chart: hosts, ports and the names of secrets, never a secret."""

from __future__ import annotations

from terraform.concerns import elasticache, rds
from terraform.concerns.foundation import Foundation
from terraform.concerns.network import Network
from terraform.concerns.secrets import BuiltSecret
from terraform.resource import Reference
from terraform.values import Expression, Value

FILE = "outputs.tf"
_DESCRIPTION = "What deploys the app reads this: terraform output -json helm_values > values-infra-<environment>.json"


def build(
    base: Foundation,
    network: Network,
    key: Reference,
    stores: tuple[rds.Database | elasticache.BuiltCache, ...],
    secrets: tuple[BuiltSecret, ...],
) -> None:
    """Add the output `helm_values`."""
    logins = {secret.plan.store: secret.reference for secret in secrets if secret.plan.store}
    infrastructure: dict[str, Value] = {
        "region": base.region,
        "kmsKeyArn": key.attribute("arn"),
        "network": {
            "vpcId": network.vpc.attribute("id"),
            "privateSubnetIds": network.private_subnets,
            "applicationSecurityGroupId": network.application.attribute("id"),
        },
        "stores": {store.store.service: _store(store, logins[store.store.service]) for store in stores},
        "secrets": {secret.plan.name: secret.reference.attribute("name") for secret in secrets},
    }
    base.stack.output(FILE, "helm_values", _DESCRIPTION, {"infrastructure": infrastructure})


def _store(store: rds.Database | elasticache.BuiltCache, login: Reference) -> Value:
    if isinstance(store, rds.Database):
        return {
            "engine": "postgres",
            "host": store.instance.attribute("address"),
            "port": store.port,
            "database": store.database,
            "username": store.user,
            "secretName": login.attribute("name"),
            "masterSecretArn": _master(store.instance),
        }
    return {
        "engine": "valkey",
        "host": store.group.attribute("primary_endpoint_address"),
        "port": store.store.port,
        "username": elasticache.USER,
        "secretName": login.attribute("name"),
    }


def _master(instance: Reference) -> Expression:
    """The one-shot job that makes the application's role logs in with it, and nothing else does."""
    return Expression(f"{instance.attribute('master_user_secret').code}[0].secret_arn")
