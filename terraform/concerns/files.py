"""EFS: one encrypted file system; each volume that several copies mount is entered through an access point of its own."""

from __future__ import annotations

from dataclasses import dataclass

from terraform import names
from terraform.concerns.foundation import Foundation
from terraform.concerns.network import Door, Network, store_group
from terraform.resource import Reference
from terraform.values import Expression, Value, join

FILE = "efs.tf"
_PORT = 2049
_USER = 1000
"""The user and group as which all files are read and written, whatever user an image runs as."""


@dataclass(frozen=True, slots=True)
class Files:
    """The file system, its mount targets, and the access point of each volume by the volume's name."""

    system: Reference
    targets: Reference
    access_points: dict[str, Reference]


def build(base: Foundation, network: Network, application: Expression, key: Reference) -> Files | None:
    """Add the file system with an access point for each volume that lives there, where there is one."""
    volumes = base.plan.file_systems
    if not volumes:
        return None
    system = base.stack.resource(
        FILE,
        "aws_efs_file_system",
        "main",
        {
            "creation_token": base.name,
            "encrypted": True,
            "kms_key_id": key.attribute("arn"),
            "throughput_mode": "elastic",
            "lifecycle_policy": [
                {"transition_to_ia": "AFTER_30_DAYS"},
                {"transition_to_primary_storage_class": "AFTER_1_ACCESS"},
            ],
            "tags": {"Name": base.name},
        },
    )
    group = store_group(base, network, application, Door(FILE, "efs", "efs", "Shared files", _PORT))
    targets = base.stack.resource(
        FILE,
        "aws_efs_mount_target",
        "main",
        {
            "count": Expression("length(var.availability_zones)"),
            "file_system_id": system.attribute("id"),
            "subnet_id": network.data_subnet,
            "security_groups": [group.attribute("id")],
        },
    )
    slugs = names.unique_slugs([volume.name for volume in volumes], 40)
    return Files(system, targets, {name: _access_point(base, system, slug) for name, slug in slugs.items()})


def _access_point(base: Foundation, system: Reference, slug: str) -> Reference:
    """A volume is a folder that its access point makes, owned by the one user as whom everybody enters."""
    owner: dict[str, Value] = {"owner_gid": _USER, "owner_uid": _USER, "permissions": "0770"}
    return base.stack.resource(
        FILE,
        "aws_efs_access_point",
        names.identifier(slug),
        {
            "file_system_id": system.attribute("id"),
            "posix_user": {"gid": _USER, "uid": _USER},
            "root_directory": {"path": f"/{slug}", "creation_info": owner},
            "tags": {"Name": join(base.name, f"-{slug}")},
        },
    )
