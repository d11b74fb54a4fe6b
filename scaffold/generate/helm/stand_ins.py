"""Stand-ins for what only an environment knows, so that the chart can be linted and rendered without one."""

from __future__ import annotations

from scaffold.model.target import Store, Target
from scaffold.model.values import dns_label

_ACCOUNT = "111122223333"
_DIGEST = "sha256:" + "0" * 64


def infrastructure_stand_in(target: Target) -> dict[str, object]:
    """Return values in the shape of `terraform output -json helm_values`."""
    region = target.region
    app = dns_label(target.app)
    registry = f"{_ACCOUNT}.dkr.ecr.{region}.amazonaws.com"
    return {
        "infrastructure": {
            "region": region,
            "kmsKeyArn": f"arn:aws:kms:{region}:{_ACCOUNT}:key/00000000-0000-0000-0000-000000000000",
            "stores": {store.service: _store(store, app, region) for store in target.stores if store.placement == "managed"},
            "secrets": {secret.name: f"{app}/staging/{secret.name}" for secret in target.secrets},
            "registry": registry,
            "images": {image.name: f"{registry}/{image.repository}" for image in target.images},
            "fileSystems": {
                volume.name: {"fileSystemId": "fs-00000000000000000", "accessPointId": "fsap-00000000000000000"}
                for volume in target.volumes
                if volume.shared
            },
            "buckets": {bucket.purpose: f"{app}-staging-{bucket.purpose}-{_ACCOUNT}" for bucket in target.buckets},
            "certificateArn": f"arn:aws:acm:{region}:{_ACCOUNT}:certificate/00000000-0000-0000-0000-000000000000",
        }
    }


def _store(store: Store, app: str, region: str) -> dict[str, object]:
    found: dict[str, object] = {
        "engine": store.engine,
        "host": f"{dns_label(store.service)}.example.internal",
        "port": store.port,
        "username": store.user or "default",
        "secretName": f"{app}/staging/{store.service}",
    }
    if store.engine == "postgres":
        found["database"] = store.database or "postgres"
        found["masterSecretArn"] = f"arn:aws:secretsmanager:{region}:{_ACCOUNT}:secret:rds!db-00000000"
    return found


def release_stand_in(target: Target) -> dict[str, object]:
    """Return the values that a release or an environment sets: digests, the domain, settings without a default."""
    return {
        "images": {image.name: {"digest": _DIGEST} for image in target.images},
        "ingress": {"domain": "app.example.com"},
        "settings": {item.name: "stand-in" for item in target.settings if item.default is None},
    }
