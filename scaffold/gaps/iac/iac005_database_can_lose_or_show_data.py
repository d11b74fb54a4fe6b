"""IAC005: a database of a cloud that the internet reaches, that is not encrypted, or that nobody could bring back."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.iac.blocks import Block, Folders, resources, terraform_folders, value_of
from scaffold.gaps.iac.other_databases import is_for_production, other_faults
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_INSTANCE = "aws_db_instance"
_CLUSTER = "aws_rds_cluster"
_CLUSTER_INSTANCE = "aws_rds_cluster_instance"
_COPIES = ("snapshot_identifier", "replicate_source_db", "replication_source_identifier")
_OFF = frozenset({"", "false"})
_NO_DAYS = frozenset({"", "0"})


def _detect(project: Project) -> Iterator[Gap]:
    folders = terraform_folders(project)
    for block in resources(folders, _INSTANCE, _CLUSTER, _CLUSTER_INSTANCE):
        yield from _exposure(project, folders, block)
        if block.type != _CLUSTER_INSTANCE:
            yield from _encryption(project, folders, block)
            yield from _recovery(project, folders, block)
            yield from _availability(project, folders, block)
    for fault in other_faults(project, folders):
        yield RULE.gap(
            resource=_resource(fault.block),
            subject=fault.subject,
            message=fault.message,
            expected=fault.expected,
            actual=fault.subject,
            locations=fault.locations,
            severity=fault.severity,
            environment=path_environment(fault.block.location.path),
        )


def _exposure(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    place = block.get("publicly_accessible")
    if place and value_of(project, folders, block, "publicly_accessible") == "true":
        yield RULE.gap(
            resource=_resource(block),
            subject="public",
            message=f"{block.address} has a public address: only its security group stands between the data and the internet.",
            expected="publicly_accessible = false, in subnets without a route from outside",
            actual="publicly_accessible = true",
            locations=(place.location, block.location),
            environment=path_environment(block.location.path),
        )


def _encryption(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    """Yield the gap of an instance; clusters of Aurora are encrypted by default, copies are like what they are copied from."""
    if block.type == _CLUSTER or _is_copy(block):
        return
    if value_of(project, folders, block, "storage_encrypted") in _OFF:
        place = block.get("storage_encrypted")
        yield RULE.gap(
            resource=_resource(block),
            subject="encryption",
            message=f"{block.address} keeps its data, logs and snapshots unencrypted; later it takes a restore to change that.",
            expected="storage_encrypted = true",
            actual="storage_encrypted = false" if place else "storage_encrypted is not set, which means false",
            locations=((place.location, block.location) if place else (block.location,)),
            environment=path_environment(block.location.path),
        )


def _recovery(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    if block.get("replicate_source_db") or block.get("replication_source_identifier"):
        return  # A replica is made anew from its source.
    # A cluster keeps copies for a day when nothing is said, an instance none.
    no_days = _NO_DAYS if block.type == _INSTANCE else frozenset({"0"})
    faults = []
    if value_of(project, folders, block, "backup_retention_period") in no_days:
        faults.append(("keeps no automatic backups", Severity.MEDIUM))
    if value_of(project, folders, block, "deletion_protection") in _OFF:
        faults.append(("can be deleted by one apply", Severity.LOW))
    if value_of(project, folders, block, "skip_final_snapshot") == "true":
        faults.append(("leaves no snapshot behind when it goes", Severity.LOW))
    if faults:
        yield RULE.gap(
            resource=_resource(block),
            subject="recovery",
            message=f"{block.address} {', '.join(text for text, _ in faults)}.",
            expected="backup_retention_period of a week or more, deletion_protection = true, skip_final_snapshot = false",
            actual=", ".join(text for text, _ in faults),
            locations=(block.location,),
            severity=max(severity for _, severity in faults),
            environment=path_environment(block.location.path),
        )


def _availability(project: Project, folders: Folders, block: Block) -> Iterator[Gap]:
    in_one_zone = block.type == _INSTANCE and value_of(project, folders, block, "multi_az") in _OFF
    if in_one_zone and is_for_production(block) and not _is_copy(block):
        yield RULE.gap(
            resource=_resource(block),
            subject="availability",
            message=f"{block.address} runs in one zone: when the zone or the host fails, the app waits for a restore.",
            expected="multi_az = true in production",
            actual="one zone",
            locations=(block.location,),
            severity=Severity.MEDIUM,
            environment=path_environment(block.location.path),
        )


def _is_copy(block: Block) -> bool:
    return any(block.get(name) for name in _COPIES) or block.inner("restore_to_point_in_time") is not None


def _resource(block: Block) -> str:
    return f"{block.folder or '.'}/{block.address}"


RULE = Rule(
    code="IAC005",
    name="database-can-lose-or-show-data",
    layer=Layer.IAC,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Set what is named; encryption of a running instance takes a snapshot, its encrypted copy and a restore. "
            "`checkov -d` lists the rest.",
        ),
    ),
    maps_to=("CKV_AWS_16", "CKV_AWS_17", "CKV_AWS_133", "CKV_AWS_157", "CKV_AWS_293"),
)
