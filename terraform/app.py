"""From a plan to the files of the Terraform folder."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass

from terraform import accepted, environments, layout, readme
from terraform.concerns import (
    alarms,
    backup,
    balancer,
    ecs,
    eks,
    elasticache,
    environment,
    files,
    foundation,
    github,
    iam,
    identities,
    kms,
    memorydb,
    network,
    outputs,
    rds,
    registry,
    secrets,
    storage,
)
from terraform.plan import Plan
from terraform.resource import Reference, Stack
from terraform.values import Expression


def render(plan: Plan, checks: tuple[accepted.AcceptedCheck, ...]) -> dict[str, str]:
    """Return the text of each file by its path; raises BuildError. Only a temporary folder is written to."""
    with tempfile.TemporaryDirectory(prefix="scaffold-cdktn-") as outdir:
        stack = Stack(outdir)
        base = _build(stack, plan)
        document = stack.synthesise()
    texts = layout.files(document, stack.placed, accepted.comments(checks, stack.placed))
    return dict(sorted({**texts, **environments.files(base), **readme.files(base)}.items()))


@dataclass(frozen=True, slots=True)
class _Compute:
    """Where the app runs: the network, the security group that the stores admit, what the rest attaches to, and the key."""

    network: network.Network
    key: Reference
    admitted: Expression
    reference: Reference


def _build(stack: Stack, plan: Plan) -> foundation.Foundation:
    base = foundation.build(stack, plan)
    key = kms.build(base)
    net = network.build(base, key)
    registry.build(base, key)
    compute = _compute(base, net, key)
    data = _data(base, compute)
    topic = alarms.build(base, key, data.databases, data.caches)
    certificate = base.variable(foundation.certificate(needed=bool(balancer.published(base))))
    if plan.compute == "eks":
        material = identities.Material(net.vpc, key, data.secrets, data.databases, data.buckets.by_purpose)
        roles = identities.build(base, compute.reference, material)
        deploys = eks.deploys(compute.reference)
    else:
        roles, deploys = {}, _run_on_ecs(base, compute, data, topic)
    built = outputs.Built(
        network=net,
        application=compute.admitted,
        key=key,
        stores=data.stores,
        secrets=data.secrets,
        files=data.files,
        buckets=data.buckets.by_purpose,
        roles=roles,
        certificate=certificate,
        github_roles=github.build(base, deploys),
    )
    outputs.build(base, built)
    return base


def _compute(base: foundation.Foundation, net: network.Network, key: Reference) -> _Compute:
    if base.plan.compute == "ecs":
        group = ecs.application_group(base, net)
        return _Compute(net, key, group.attribute("id"), group)
    cluster = eks.build(base, net, key)
    return _Compute(net, key, cluster.security_group, cluster.reference)


@dataclass(frozen=True, slots=True)
class _Data:
    databases: tuple[rds.Database, ...]
    caches: tuple[elasticache.BuiltCache, ...]
    secrets: tuple[secrets.BuiltSecret, ...]
    files: files.Files | None
    buckets: storage.Buckets

    @property
    def stores(self) -> tuple[rds.Database | elasticache.BuiltCache, ...]:
        return (*self.databases, *self.caches)


def _data(base: foundation.Foundation, compute: _Compute) -> _Data:
    net, key = compute.network, compute.key
    if base.plan.postgres or base.plan.caches:
        foundation.final_snapshot_suffix(base)
    databases = rds.build(base, net, compute.admitted, key)
    caches = (
        *elasticache.build(base, net, compute.admitted, key),
        *memorydb.build(base, net, compute.admitted, key),
    )
    built = secrets.build(base, key, databases, caches)
    shared = files.build(base, net, compute.admitted, key)
    buckets = storage.build(base, key, balanced=bool(balancer.published(base)))
    backup.build(base, key, databases, shared)
    return _Data(databases, caches, built, shared, buckets)


def _run_on_ecs(base: foundation.Foundation, compute: _Compute, data: _Data, topic: Reference) -> list[iam.Statement]:
    net, key = compute.network, compute.key
    front = balancer.build(base, net, compute.reference, data.buckets.logs)
    if front is not None:
        alarms.balancer(base, topic, front)
    texts = environment.build(base, key, data.stores, data.secrets)
    material = ecs.Material(net, compute.reference, key, texts, data.files, data.buckets.by_purpose, front)
    return ecs.deploys(ecs.build(base, material))
