"""AWS Backup: a daily copy of databases, file systems and volumes in a vault of its own."""

from __future__ import annotations

from terraform.concerns import eks, iam, rds
from terraform.concerns.files import Files
from terraform.concerns.foundation import Foundation
from terraform.resource import Reference, Variable
from terraform.values import Expression, Value

FILE = "backup.tf"


def build(base: Foundation, key: Reference, databases: tuple[rds.Database, ...], files: Files | None) -> None:
    """Add vault, plan and what it covers; databases keep their own point-in-time recovery beside it."""
    own = base.plan.compute == "eks" and any(not volume.shared for volume in base.plan.volumes)
    arns: list[Value] = [database.instance.attribute("arn") for database in databases]
    arns += [files.system.attribute("arn")] if files else []
    if not arns and not own:
        return
    for variable in _variables():
        base.variable(variable)
    vault = base.stack.resource(FILE, "aws_backup_vault", "main", {"name": base.name, "kms_key_arn": key.attribute("arn")})
    locked: dict[str, Value] = {
        "count": Expression("var.backup_vault_locked ? 1 : 0"),
        "backup_vault_name": vault.attribute("name"),
        "min_retention_days": 7,
    }
    base.stack.resource(FILE, "aws_backup_vault_lock_configuration", "main", locked)
    role = iam.role(base, FILE, "backup", "backup", iam.service_trust(base, "backup.amazonaws.com"))
    iam.attach(base, FILE, "backup", role, "service-role/AWSBackupServiceRolePolicyForBackup")
    iam.attach(base, FILE, "restore", role, "service-role/AWSBackupServiceRolePolicyForRestores")
    plan = base.stack.resource(FILE, "aws_backup_plan", "main", {"name": base.name, "rule": [_daily(vault)]})
    selected: dict[str, Value] = {"iam_role_arn": role.attribute("arn"), "plan_id": plan.attribute("id")}
    if arns:
        base.stack.resource(FILE, "aws_backup_selection", "main", {"name": "stores", **selected, "resources": arns})
    if own:
        tag: Value = [{"type": "STRINGEQUALS", "key": eks.BACKUP_TAG, "value": base.name}]
        arguments: dict[str, Value] = {"name": "volumes", **selected, "selection_tag": tag}
        base.stack.resource(FILE, "aws_backup_selection", "volumes", arguments)


def _daily(vault: Reference) -> Value:
    """Not continuous: that would take over the window and the retention of the databases, and Terraform would fight it."""
    return {
        "rule_name": "daily",
        "target_vault_name": vault.attribute("name"),
        "schedule": "cron(0 5 * * ? *)",
        "start_window": 60,
        "completion_window": 360,
        "lifecycle": {"delete_after": Expression("var.backup_retention_days")},
    }


def _variables() -> tuple[Variable, ...]:
    return (
        Variable(
            "backup_retention_days",
            "number",
            "Days for which the daily backups in the vault are kept.",
            35,
            "var.backup_retention_days >= 7 && var.backup_retention_days <= 3650",
            "From 7 days to ten years.",
        ),
        Variable(
            "backup_vault_locked",
            "bool",
            "Whether the vault refuses to delete backups younger than 7 days. Those with the right can unlock it.",
            default=True,
        ),
    )
