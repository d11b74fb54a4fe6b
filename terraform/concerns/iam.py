"""Roles and policies: who may act as whom, and the least that each may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from terraform.concerns.foundation import Foundation
from terraform.resource import Reference
from terraform.values import Expression, JsonDocument, Template, Value, join

Statement = Mapping[str, Value]


def document(statements: Sequence[Statement]) -> JsonDocument:
    """Return a policy document."""
    return JsonDocument({"Version": "2012-10-17", "Statement": list(statements)})


def allow(actions: Sequence[str], resources: Value, condition: Value = None) -> Statement:
    """Return a statement that allows `actions` on `resources`."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resources, "Condition": condition}


def service_trust(base: Foundation, service: str, *, own_account: bool = True) -> JsonDocument:
    """Return the trust policy for an AWS service; where the service tells the account, it has to be this one."""
    condition: Value = {"StringEquals": {"aws:SourceAccount": base.account}} if own_account else None
    principal: Value = {"Service": service}
    return document([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}])


def role(base: Foundation, file: str, name: str, suffix: str, trust: JsonDocument) -> Reference:
    """Add the role `<project>-<environment>-<suffix>`."""
    arguments: dict[str, Value] = {"name": base.named(suffix), "assume_role_policy": trust}
    return base.stack.resource(file, "aws_iam_role", name, arguments)


def grant(base: Foundation, file: str, name: str, owner: Reference, statements: Sequence[Statement]) -> Reference:
    """Give a role a policy of its own."""
    arguments: dict[str, Value] = {"name": name, "role": owner.attribute("id"), "policy": document(statements)}
    return base.stack.resource(file, "aws_iam_role_policy", name, arguments)


def attach(base: Foundation, file: str, name: str, owner: Reference, policy: str) -> Reference:
    """Attach one of AWS's policies, named by its path below `policy/`."""
    arguments: dict[str, Value] = {
        "role": owner.attribute("name"),
        "policy_arn": join("arn:", base.partition, f":iam::aws:policy/{policy}"),
    }
    return base.stack.resource(file, "aws_iam_role_policy_attachment", name, arguments)


def decrypt_through(base: Foundation, service: str, key: Reference, actions: Sequence[str] = ("kms:Decrypt",)) -> Statement:
    """Return the statement that lets a role use the key for what one service keeps, and for nothing else."""
    via = join(f"{service}.", base.region, ".amazonaws.com")
    return allow(actions, key.attribute("arn"), {"StringEquals": {"kms:ViaService": via}})


def bucket_access(bucket: Reference, *, writes: bool = True) -> tuple[Statement, ...]:
    """Return the statements that let a role list a bucket, read its objects and, where it `writes`, put and delete them."""
    actions = ["s3:GetObject", *(("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload") if writes else ())]
    inside: Template = join(bucket.attribute("arn"), "/*")
    return (allow(["s3:ListBucket", "s3:GetBucketLocation"], bucket.attribute("arn")), allow(actions, inside))


def arn(base: Foundation, service: str, rest: str | Template | Expression) -> Template:
    """Return `arn:<partition>:<service>:<region>:<account>:<rest>`."""
    parts = rest.parts if isinstance(rest, Template) else (rest,)
    return join("arn:", base.partition, f":{service}:", base.region, ":", base.account, ":", *parts)
