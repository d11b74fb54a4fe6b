"""S3: backups that nobody can delete before their time, uploads, and the record of who asked for what."""

from __future__ import annotations

from dataclasses import dataclass

from terraform.concerns import iam
from terraform.concerns.foundation import Foundation
from terraform.plan import Bucket
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Value, join

FILE = "storage.tf"
LOGS = "logs"
_UNDO_DAYS = 30
"""Days in which a deletion can be taken back. Nothing else expires here: what prunes a repository of backups knows which
of its objects newer backups still need, and S3 does not.
"""


@dataclass(frozen=True, slots=True)
class Logs:
    """The bucket for access logs, and the policy that has to be there before anything writes to it."""

    bucket: Reference
    policy: Reference


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets by purpose, and the one for access logs."""

    by_purpose: dict[str, Reference]
    logs: Logs | None


def build(base: Foundation, key: Reference, *, balanced: bool) -> Buckets:
    """Add the buckets of the plan and the one for their access logs, which a load balancer writes to as well."""
    if not base.plan.buckets and not balanced:
        return Buckets({}, None)
    logs = _logs(base, balanced=balanced)
    return Buckets({bucket.purpose: _bucket(base, key, logs, bucket) for bucket in base.plan.buckets}, logs)


def _bucket(base: Foundation, key: Reference, logs: Logs, planned: Bucket) -> Reference:
    purpose = planned.purpose
    locked = purpose == "backups"
    if locked:
        base.variable(_lock())
    bucket = _plain(base, purpose, locked=locked)
    encryption: Value = {"sse_algorithm": "aws:kms", "kms_master_key_id": key.attribute("arn")}
    versioned = _guard(
        base, purpose, bucket, {"apply_server_side_encryption_by_default": encryption, "bucket_key_enabled": True}
    )
    _lifecycle(base, purpose, bucket, versioned, [_leftovers(), _noncurrent(_UNDO_DAYS)])
    if locked:
        rule: Value = {"default_retention": {"mode": "GOVERNANCE", "days": Expression("var.backup_lock_days")}}
        lock: dict[str, Value] = {"bucket": bucket.attribute("id"), "rule": rule, "depends_on": [versioned.whole]}
        base.stack.resource(FILE, "aws_s3_bucket_object_lock_configuration", purpose, lock)
    target: dict[str, Value] = {
        "bucket": bucket.attribute("id"),
        "depends_on": [logs.policy.whole],
        "target_bucket": logs.bucket.attribute("id"),
        "target_prefix": f"{purpose}/",
    }
    base.stack.resource(FILE, "aws_s3_bucket_logging", purpose, target)
    _policy(base, purpose, bucket, [])
    return bucket


def _logs(base: Foundation, *, balanced: bool) -> Logs:
    """The services that write access logs take no key but S3's own."""
    bucket = _plain(base, LOGS, locked=False)
    versioned = _guard(base, LOGS, bucket, {"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}})
    expires: Value = {"id": "expire", "status": "Enabled", "filter": [{}], "expiration": [{"days": base.log_retention}]}
    _lifecycle(base, LOGS, bucket, versioned, [_leftovers(), _noncurrent(7), expires])
    services = ["logging.s3.amazonaws.com", *(["logdelivery.elasticloadbalancing.amazonaws.com"] if balanced else [])]
    writes: iam.Statement = {
        "Sid": "AccessLogsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": services if balanced else services[0]},
        "Action": "s3:PutObject",
        "Resource": join(bucket.attribute("arn"), "/*"),
        "Condition": {"StringEquals": {"aws:SourceAccount": base.account}},
    }
    return Logs(bucket, _policy(base, LOGS, bucket, [writes]))


def _plain(base: Foundation, purpose: str, *, locked: bool) -> Reference:
    """Bucket names are one space for the whole world: the account's number makes ours."""
    arguments: dict[str, Value] = {
        "bucket": join(base.name, f"-{purpose}-", base.account),
        "object_lock_enabled": locked or None,
    }
    return base.stack.resource(FILE, "aws_s3_bucket", purpose, arguments)


def _guard(base: Foundation, purpose: str, bucket: Reference, encryption: Value) -> Reference:
    """Shut the public out, give every object to the account, encrypt, and keep versions; returns the versioning."""
    identity: dict[str, Value] = {"bucket": bucket.attribute("id")}
    add = base.stack.resource
    closed: dict[str, Value] = dict.fromkeys(
        ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
    )
    add(FILE, "aws_s3_bucket_public_access_block", purpose, {**identity, **closed})
    owned: Value = {"object_ownership": "BucketOwnerEnforced"}
    add(FILE, "aws_s3_bucket_ownership_controls", purpose, {**identity, "rule": owned})
    add(FILE, "aws_s3_bucket_server_side_encryption_configuration", purpose, {**identity, "rule": [encryption]})
    enabled: Value = {"status": "Enabled"}
    return add(FILE, "aws_s3_bucket_versioning", purpose, {**identity, "versioning_configuration": enabled})


def _lifecycle(base: Foundation, purpose: str, bucket: Reference, versioned: Reference, rules: list[Value]) -> None:
    arguments: dict[str, Value] = {"bucket": bucket.attribute("id"), "rule": rules, "depends_on": [versioned.whole]}
    base.stack.resource(FILE, "aws_s3_bucket_lifecycle_configuration", purpose, arguments)


def _leftovers() -> Value:
    """A filter without a condition is every object."""
    abort: Value = [{"days_after_initiation": 7}]
    return {"id": "unfinished-uploads", "status": "Enabled", "filter": [{}], "abort_incomplete_multipart_upload": abort}


def _noncurrent(days: int) -> Value:
    old: Value = [{"noncurrent_days": days}]
    return {"id": "old-versions", "status": "Enabled", "filter": [{}], "noncurrent_version_expiration": old}


def _policy(base: Foundation, purpose: str, bucket: Reference, statements: list[iam.Statement]) -> Reference:
    plain: iam.Statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:*",
        "Resource": [bucket.attribute("arn"), join(bucket.attribute("arn"), "/*")],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy: JsonDocument = iam.document([plain, *statements])
    return base.stack.resource(FILE, "aws_s3_bucket_policy", purpose, {"bucket": bucket.attribute("id"), "policy": policy})


def _lock() -> Variable:
    return Variable(
        "backup_lock_days",
        "number",
        "Days for which nobody without the right to bypass governance can destroy a backup in the bucket.",
        14,
        f"var.backup_lock_days >= 1 && var.backup_lock_days <= {_UNDO_DAYS}",
        f"From 1 to {_UNDO_DAYS} days.",
    )
