"""SCL004: the application keeps files of its users on the host, so that it cannot run on a second one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import Share, listed, once, production_shares
from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import variable_names
from scaffold.model.compose import Mount, Service
from scaffold.model.durability import dependency_names
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_STATELESS = frozenset({Role.WEB, Role.WORKER, Role.FRONTEND})
_FILES_OF_USERS = regex(
    r"(?:^|[/_.-])(?:uploads?|uploaded|media|attachments?|user[_-]?files|user[_-]?data|avatars?|documents?|sessions?)(?:$|[/_.-])",
    re.IGNORECASE,
    words=("attachment", "avatar", "document", "files", "media", "session", "upload", "user"),
)
_BUCKET_VARIABLES = regex(
    r"S3|BUCKET|MINIO|AZURE_STORAGE|AZURE_BLOB|GCS_|GS_|CLOUDINARY|SPACES_|R2_|SUPABASE_STORAGE|OBJECT_STORAGE",
    words=(
        "AZURE_BLOB",
        "AZURE_STORAGE",
        "BUCKET",
        "CLOUDINARY",
        "GCS_",
        "GS_",
        "MINIO",
        "OBJECT_STORAGE",
        "R2_",
        "S3",
        "SPACES_",
        "SUPABASE_STORAGE",
    ),
)
_BUCKET_LIBRARIES = frozenset(
    {
        *("django-storages", "minio", "@aws-sdk/client-s3", "aws-sdk-s3", "google-cloud-storage", "@google-cloud/storage"),
        *("azure-storage-blob", "cloudinary", "league/flysystem-aws-s3-v3", "fog-aws", "multer-s3"),
    }
)


def _detect(project: Project) -> Iterator[Gap]:
    if has_bucket(project):
        return iter(())
    return iter(once(gap for share in production_shares(project) for gap in _of_share(share)))


@remembered
def has_bucket(project: Project) -> bool:
    """Whether a library or a variable speaks of an object store."""
    return bool(_BUCKET_LIBRARIES & dependency_names(project)) or any(map(_BUCKET_VARIABLES.search, variable_names(project)))


def _of_share(share: Share) -> Iterator[Gap]:
    if any(service.role is Role.OBJECT_STORE for service in share.services):
        return
    found = [(service, mount) for service in share.services if service.role in _STATELESS for mount in _of_users(service)]
    if not found:
        return
    names = listed(service.name for service, _ in found)
    folders = listed(mount.target for _, mount in found)
    yield RULE.gap(
        resource=share.resource,
        subject="files",
        message=f"{names} {'keeps' if len({service.name for service, _ in found}) == 1 else 'keep'} files of users on the "
        f"host ({folders}): a copy on a second host does not see them.",
        expected="an object store, or a file system that all hosts mount",
        actual="a volume of this host",
        locations=tuple(mount.location for _, mount in found),
        environment=share.environment,
    )


def _of_users(service: Service) -> Iterator[Mount]:
    for mount in service.mounts:
        kept = mount.kind in {"bind", "volume"} and mount.source and not mount.read_only
        names = (mount.target, mount.source) if mount.kind == "volume" else (mount.target,)
        if kept and any(_FILES_OF_USERS.search(name) for name in names):
            yield mount


RULE = Rule(
    code="SCL004",
    name="local-state-in-stateless-tier",
    layer=Layer.SCALING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Store such files in a bucket; until then the chart mounts them from EFS, which all nodes reach.",
        ),
    ),
)
