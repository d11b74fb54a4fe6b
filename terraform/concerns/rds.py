"""PostgreSQL on RDS: encrypted, in two zones, with a master password that AWS keeps and rotates."""

from __future__ import annotations

from dataclasses import dataclass

from terraform import names
from terraform.concerns import iam
from terraform.concerns.foundation import Foundation, log_group
from terraform.concerns.network import Door, Network, store_group
from terraform.plan import Postgres
from terraform.resource import Reference, Variable
from terraform.values import Expression, Value, join

FILE = "rds.tf"
_LOGS = ("iam-db-auth-error", "postgresql", "upgrade")
_PARAMETERS = (
    ("log_lock_waits", "1"),
    ("log_min_duration_statement", "1000"),
    ("log_statement", "ddl"),
    ("rds.force_ssl", "1"),
)


@dataclass(frozen=True, slots=True)
class Database:
    """One built database."""

    store: Postgres
    instance: Reference
    variable_prefix: str


@dataclass(frozen=True, slots=True)
class _Shared:
    network: Network
    application: Expression
    key: Reference
    role: Reference
    subnets: Reference


def build(base: Foundation, network: Network, application: Expression, key: Reference) -> tuple[Database, ...]:
    """Add what all databases share, then each of them."""
    stores = base.plan.postgres
    if not stores:
        return ()
    role = _monitoring_role(base)
    subnets: dict[str, Value] = {"name": base.named("rds"), "subnet_ids": network.data_subnets}
    group = base.stack.resource(FILE, "aws_db_subnet_group", "main", subnets)
    shared = _Shared(network, application, key, role, group)
    return tuple(_database(base, store, shared) for store in stores)


def variable_prefix(base: Foundation, store: Postgres) -> str:
    """Return how the inputs of a database start: `database`, and the store's name where there are several."""
    return "database" if len(base.plan.postgres) == 1 else f"database_{names.identifier(base.stores[store.service])}"


def master_secret(instance: Reference) -> Expression:
    """Return the ARN of the secret in which AWS keeps the master's login."""
    return Expression(f"{instance.attribute('master_user_secret').code}[0].secret_arn")


def _database(base: Foundation, store: Postgres, shared: _Shared) -> Database:
    short = base.stores[store.service]
    name = "main" if len(base.plan.postgres) == 1 else names.identifier(short)
    prefix = variable_prefix(base, store)
    for variable in _variables(prefix, store):
        base.variable(variable)
    door = Door(FILE, f"rds_{names.identifier(short)}", f"{short}-rds", "PostgreSQL", store.port)
    secured = store_group(base, shared.network, shared.application, door)
    parameters = _parameters(base, name, short, prefix)
    logs = [_log(base, short, log, shared.key) for log in _LOGS]
    instance = base.stack.resource(
        FILE,
        "aws_db_instance",
        name,
        {
            **_identity(base, store, short, prefix),
            **_storage(prefix, shared.key),
            "db_subnet_group_name": shared.subnets.attribute("name"),
            "vpc_security_group_ids": [secured.attribute("id")],
            "publicly_accessible": False,
            "multi_az": Expression(f"var.{prefix}_multi_az"),
            "parameter_group_name": parameters.attribute("name"),
            **_protection(base, short, prefix),
            **_observation(shared.role, shared.key),
            "depends_on": [log.whole for log in logs],
        },
    )
    return Database(store, instance, prefix)


def _identity(base: Foundation, store: Postgres, short: str, prefix: str) -> dict[str, Value]:
    return {
        "identifier": base.named(short),
        "engine": "postgres",
        "engine_version": Expression(f"var.{prefix}_engine_version"),
        "engine_lifecycle_support": "open-source-rds-extended-support-disabled",
        "instance_class": Expression(f"var.{prefix}_instance_class"),
        "db_name": None if store.database == "postgres" else store.database,
        "port": store.port,
        "username": store.master,
        "manage_master_user_password": True,
        "iam_database_authentication_enabled": True,
    }


def _storage(prefix: str, key: Reference) -> dict[str, Value]:
    return {
        "master_user_secret_kms_key_id": key.attribute("arn"),
        "storage_type": "gp3",
        "allocated_storage": Expression(f"var.{prefix}_allocated_storage"),
        "max_allocated_storage": Expression(f"var.{prefix}_max_allocated_storage"),
        "storage_encrypted": True,
        "kms_key_id": key.attribute("arn"),
    }


def _protection(base: Foundation, short: str, prefix: str) -> dict[str, Value]:
    suffix = Expression("var.final_snapshot_suffix")
    return {
        "deletion_protection": Expression(f"var.{prefix}_deletion_protection"),
        "skip_final_snapshot": Expression(f"var.{prefix}_skip_final_snapshot"),
        "final_snapshot_identifier": join(base.name, f"-{short}-final-", suffix),
        "copy_tags_to_snapshot": True,
        "delete_automated_backups": False,
        "backup_retention_period": Expression(f"var.{prefix}_backup_retention_days"),
        "backup_window": "02:00-03:00",
        "maintenance_window": "sun:03:30-sun:04:30",
        "auto_minor_version_upgrade": True,
    }


def _observation(role: Reference, key: Reference) -> dict[str, Value]:
    return {
        "monitoring_interval": 60,
        "monitoring_role_arn": role.attribute("arn"),
        "performance_insights_enabled": True,
        "performance_insights_kms_key_id": key.attribute("arn"),
        "performance_insights_retention_period": 7,
        "database_insights_mode": "standard",
        "enabled_cloudwatch_logs_exports": list(_LOGS),
    }


def _monitoring_role(base: Foundation) -> Reference:
    role = iam.role(base, FILE, "rds_monitoring", "rds-monitoring", iam.service_trust(base, "monitoring.rds.amazonaws.com"))
    iam.attach(base, FILE, "rds_monitoring", role, "service-role/AmazonRDSEnhancedMonitoringRole")
    return role


def _parameters(base: Foundation, name: str, short: str, prefix: str) -> Reference:
    """A name that follows the major lets an upgrade create the new group before the old one goes."""
    version = Expression(f"var.{prefix}_engine_version")
    return base.stack.resource(
        FILE,
        "aws_db_parameter_group",
        name,
        {
            "name_prefix": join(base.name, f"-{short}-pg", version, "-"),
            "family": join("postgres", version),
            "description": join("PostgreSQL of ", base.name),
            "parameter": [{"name": parameter, "value": value} for parameter, value in _PARAMETERS],
            "lifecycle": {"create_before_destroy": True},
        },
    )


def _log(base: Foundation, short: str, log: str, key: Reference) -> Reference:
    """RDS writes to a fixed path: whoever creates the group first decides its retention and its key."""
    path = join("/aws/rds/instance/", base.name, f"-{short}/{log}")
    return log_group(base, FILE, names.identifier(f"rds_{short}_{log}"), path, key)


def _variables(prefix: str, store: Postgres) -> tuple[Variable, ...]:
    what = f"the database of the service {store.service}"
    return (
        Variable(
            f"{prefix}_engine_version",
            "string",
            f"PostgreSQL major of {what}. The major alone: AWS takes few exact versions and raises minors itself.",
            store.version or None,
            f'can(regex("^[1-9][0-9]$", var.{prefix}_engine_version))',
            "A PostgreSQL major such as 17.",
        ),
        Variable(
            f"{prefix}_instance_class",
            "string",
            f"Instance class of {what}.",
            "db.t4g.medium",
            f'startswith(var.{prefix}_instance_class, "db.")',
            "An RDS instance class such as db.t4g.medium.",
        ),
        Variable(
            f"{prefix}_allocated_storage",
            "number",
            f"Storage at the start of {what}, in GiB.",
            20,
            f"var.{prefix}_allocated_storage >= 20",
            "RDS wants 20 GiB or more on gp3.",
        ),
        Variable(
            f"{prefix}_max_allocated_storage",
            "number",
            f"Storage up to which RDS grows {what} by itself, in GiB.",
            100,
            f"var.{prefix}_max_allocated_storage > var.{prefix}_allocated_storage",
            "More than the allocated storage.",
        ),
        Variable(f"{prefix}_multi_az", "bool", f"Whether a standby of {what} runs in a second zone.", default=True),
        Variable(f"{prefix}_deletion_protection", "bool", f"Whether AWS refuses to delete {what}.", default=True),
        Variable(f"{prefix}_skip_final_snapshot", "bool", f"Whether {what} may go without a last snapshot.", default=False),
        Variable(
            f"{prefix}_backup_retention_days",
            "number",
            f"Days to which {what} can be restored, to the second.",
            35,
            f"var.{prefix}_backup_retention_days >= 7 && var.{prefix}_backup_retention_days <= 35",
            "From 7 to 35 days.",
        ),
    )
