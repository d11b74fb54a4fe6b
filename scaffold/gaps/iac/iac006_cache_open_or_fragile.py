"""IAC006: a Redis of ElastiCache without encryption or login, that does not fail over, or whose data no snapshot keeps."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.iac.blocks import Block, Folders, resources, terraform_folders, value_of
from scaffold.gaps.signals import durable_stores
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_GROUP = "aws_elasticache_replication_group"
_CLUSTER = "aws_elasticache_cluster"
_OFF = frozenset({"", "false"})
_LOGINS = ("auth_token", "user_group_ids", "auth_token_wo")


def _detect(project: Project) -> Iterator[Gap]:
    folders = terraform_folders(project)
    caches = [block for block in resources(folders, _GROUP, _CLUSTER) if _is_redis(project, folders, block)]
    for block in caches:
        yield from _protection(project, folders, block)
        yield from _failover(project, folders, block)
    if caches and any(service.role is Role.REDIS for _, service in durable_stores(project)):
        for block in caches:
            yield from _snapshots(project, folders, block)


def _is_redis(project: Project, folders: Folders, block: Block) -> bool:
    """Whether the block is a Redis with a configuration of its own; a member of a group or of a global one has none."""
    if block.get("replication_group_id" if block.type == _CLUSTER else "global_replication_group_id"):
        return False
    engine = value_of(project, folders, block, "engine")
    # A group is a Redis when nothing is said; Valkey has encryption at rest by default.
    return engine == "redis" or (block.type == _GROUP and engine == "")


def _protection(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    faults = []
    if value_of(project, folders, block, "transit_encryption_enabled") in _OFF:
        faults.append("no encryption on the way")
    if block.type == _GROUP and value_of(project, folders, block, "at_rest_encryption_enabled") in _OFF:
        faults.append("no encryption of what it keeps")
    if not any(block.get(name) for name in _LOGINS):
        faults.append("no login")
    if faults:
        yield RULE.gap(
            resource=f"{block.folder or '.'}/{block.address}",
            subject="protection",
            message=f"{block.address} has {_joined(faults)}: the network around it is all that protects it.",
            expected="transit_encryption_enabled, at_rest_encryption_enabled and an auth_token or user groups",
            actual=_joined(faults),
            locations=(block.location,),
            severity=Severity.MEDIUM if "no login" in faults and len(faults) > 1 else Severity.LOW,
            environment=path_environment(block.location.path),
        )


def _joined(faults: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(faults[:-1]), faults[-1])))


def _failover(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    """Yield the gap of a group that pays for a replica and does not use it."""
    nodes = {
        value_of(project, folders, block, "num_cache_clusters"),
        value_of(project, folders, block, "number_cache_clusters"),
    }
    replicas = value_of(project, folders, block, "replicas_per_node_group")
    several = any(count and count.isdigit() and int(count) > 1 for count in nodes) or (replicas or "0") not in {"0", ""}
    if block.type == _GROUP and several and value_of(project, folders, block, "automatic_failover_enabled") in _OFF:
        yield RULE.gap(
            resource=f"{block.folder or '.'}/{block.address}",
            subject="failover",
            message=f"{block.address} has a replica that does not take over: when the first node fails, the app stands still.",
            expected="automatic_failover_enabled = true, multi_az_enabled = true",
            actual="no automatic failover",
            locations=(block.location,),
            environment=path_environment(block.location.path),
        )


def _snapshots(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    if value_of(project, folders, block, "snapshot_retention_limit") in {"", "0"}:
        yield RULE.gap(
            resource=f"{block.folder or '.'}/{block.address}",
            subject="snapshots",
            message=f"{block.address} keeps no snapshots, and the Redis of the stack is more than a cache.",
            expected="snapshot_retention_limit of a day or more",
            actual="no snapshots",
            locations=(block.location,),
            environment=path_environment(block.location.path),
        )


RULE = Rule(
    code="IAC006",
    name="cache-open-or-fragile",
    layer=Layer.IAC,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Set what is named; clients then connect by rediss://. Encryption at rest needs a new group with the data "
            "restored into it.",
        ),
    ),
    maps_to=("CKV_AWS_29", "CKV_AWS_30", "CKV_AWS_31", "CKV_AWS_134", "CKV2_AWS_50"),
)
