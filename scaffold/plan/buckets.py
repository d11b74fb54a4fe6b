"""The buckets that the app needs beside its stores, and the workloads that may use each."""

from __future__ import annotations

from scaffold.model.cluster_backup import ClusterBackupPlan
from scaffold.model.names import Role
from scaffold.model.regex import regex
from scaffold.model.target import Bucket, Store
from scaffold.model.workload import Workload, WorkloadPlan

_NAMES_A_BUCKET = regex(r"(\A|_)BUCKET(_|\Z)")
_OF_AWS = regex(r"(\A|_)(AWS|S3)(_|\Z)")


def plan_buckets(stores: tuple[Store, ...], running: WorkloadPlan, backup: ClusterBackupPlan | None) -> tuple[Bucket, ...]:
    """Return the bucket for backups where anything is kept, and one for uploads where a workload names a bucket of S3.

    The jobs of the cluster alone enter the first by an identity of theirs; a host that runs Compose has a key of its own.
    """
    backups = (Bucket("backups", (backup.account,) if backup else ()),) if stores or running.volumes else ()
    own = any(store.role is Role.OBJECT_STORE for store in stores)
    uploaders = () if own else tuple(workload.name for workload in running.workloads if _uses_s3(workload))
    return (*backups, Bucket("uploads", uploaders)) if uploaders else backups


def _uses_s3(workload: Workload) -> bool:
    """Whether variables name a bucket and speak of S3: `AWS_STORAGE_BUCKET_NAME`, `S3_BUCKET`, `BUCKET` beside `AWS_REGION`."""
    names = [variable.name.upper() for variable in workload.environment]
    return any(_NAMES_A_BUCKET.search(name) for name in names) and any(_OF_AWS.search(name) for name in names)
