"""One customer-managed key for the data, the secrets and the logs of the project."""

from __future__ import annotations

from terraform.concerns import iam
from terraform.concerns.foundation import Foundation
from terraform.resource import Reference, Variable
from terraform.values import JsonDocument, join

FILE = "kms.tf"
PUBLISHERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com", "events.rds.amazonaws.com")
"""The services that publish alarms."""


def build(base: Foundation) -> Reference:
    """Add the key with its policy and alias, and return the key."""
    window = base.variable(
        Variable(
            "kms_deletion_window_days",
            "number",
            "Days between the deletion of the key and the loss of everything that it encrypts.",
            30,
            "var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30",
            "KMS takes 7 to 30 days.",
        )
    )
    key = base.stack.resource(
        FILE,
        "aws_kms_key",
        "main",
        {
            "description": join("Data, secrets and logs of ", base.name),
            "enable_key_rotation": True,
            "deletion_window_in_days": window,
            "policy": _policy(base),
        },
    )
    base.stack.resource(
        FILE,
        "aws_kms_alias",
        "main",
        {"name": join("alias/", base.name), "target_key_id": key.attribute("key_id")},
    )
    return key


def _policy(base: Foundation) -> JsonDocument:
    """The account decides through IAM who may use the key; services that act for nobody need statements of their own."""
    logs = join("arn:", base.partition, ":logs:", base.region, ":", base.account, ":log-group:*")
    account: iam.Statement = {
        "Sid": "AccountThroughIam",
        "Effect": "Allow",
        "Principal": {"AWS": join("arn:", base.partition, ":iam::", base.account, ":root")},
        "Action": "kms:*",
        "Resource": "*",
    }
    groups: iam.Statement = {
        "Sid": "LogGroupsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": join("logs.", base.region, ".amazonaws.com")},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
        "Resource": "*",
        "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
    }
    # An alarm that may not use the key of its topic is lost without a trace.
    alarms: iam.Statement = {
        "Sid": "AlarmsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": list(PUBLISHERS)},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": base.account}},
    }
    return iam.document([account, groups, alarms])
