"""What a cloud or an operator copies by itself: retention in infrastructure code of every kind, for the engine of a store."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service
from scaffold.model.names import TRIED, Role
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TERRAFORM = (".tf", ".tf.json", ".tofu", ".hcl", ".tfvars")
_TEMPLATES = (".yaml", ".yml", ".json", ".bicep")
_CODE = (".ts", ".js", ".mjs", ".cjs", ".py", ".go", ".java", ".cs")
_DECLARES = ("AWS::", "aws-cdk", "aws_cdk", "awscdk", "pulumi", "Pulumi", "cdktf", "cdktn", "troposphere")
_LOCAL_SOURCE = regex(r"\bsource\s*=\s*\"(\.{1,2}/[^\"?$]+)")
_COMMENT = regex(r"(?m)^[ \t]*(?:#|//).*$")
_SET = r"[\"']?\s*[=:]\s*+(?![\"']?(?:0\b|null\b|None\b|undefined\b))"
_DATABASE = regex(
    rf"(?:backup_retention_period|backup_retention_days|[bB]ackupRetentionPeriod|[bB]ackupRetentionDays){_SET}"
    r"|\bbackup_?[rR]etention\s*[=:]\s*[\w.]*[dD]uration\.days\((?!0\))"
    # An object of its own: `backup = { retention_days = 7 }` of modules, `BackupProps(retention=...)` of CDK.
    rf"|\bbackups?[\"']?\s*[=:]?\s*(?:[\w.]*\(|\{{)[^{{}}()]{{0,400}}?\bretention(?:_days|_period|_in_days|Days|Period|InDays)?{_SET}"
    r"|\b(?:backup_?[cC]onfigurations?|[bB]ackupConfiguration)[\"']?\s*[=:]?\s*[\[(]*\{[^{}]{0,400}?\benabled[\"']?\s*[=:]\s*true"
    # Operators: CloudNativePG, and pgBackRest of Crunchy Data.
    r"|\bkind:\s*ScheduledBackup\b|\bschedules:\s*\n\s+(?:full|differential|incremental):",
    words=(
        "ScheduledBackup",
        "ackupRetentionDays",
        "ackupRetentionPeriod",
        "enabled",
        "retention",
        "schedules:",
        "uration.days(",
    ),
)
_SNAPSHOTS = regex(rf"(?:snapshot_retention_limit|[sS]napshotRetentionLimit|snapshotRetentionLimit){_SET}")
_MONGO = regex(rf"{_DATABASE.pattern}|\b(?:cloud_backup|backup_enabled|cloudBackup|backupEnabled)[\"']?\s*[=:]\s*true")
_VALUES = regex(r"(?m)^(?P<in>[ \t]*)backup:[ \t]*\n(?:(?P=in)[ \t][^\n]*\n)*?(?P=in)[ \t]+enabled:[ \t]*true\b")
"""The switch of charts that bring a CronJob of their own for copies, such as those of Bitnami."""
_SQL = r"\brds\b|aurora|cloud_?sql|sql_database_instance|database_?instance|database_?cluster|db_?instance|db_?cluster|aws_db_"
_POSTGRES, _MYSQL = r"postgres|pgsql|cnpg", r"mysql|mariadb"
_ENGINES: dict[Role, tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str] | None]] = {
    Role.POSTGRES: (_DATABASE, regex(rf"(?i){_POSTGRES}|{_SQL}"), regex(rf"(?i){_MYSQL}|\bdocdb\b")),
    Role.MYSQL: (_DATABASE, regex(rf"(?i){_MYSQL}|{_SQL}"), regex(rf"(?i){_POSTGRES}|\bdocdb\b")),
    Role.MONGO: (_MONGO, regex(r"(?i)docdb|documentdb|mongodb_?atlas|cosmosdb"), None),
    Role.REDIS: (_SNAPSHOTS, regex(r"(?i)elasticache|memorydb|redis|valkey"), None),
}
"""For each role how its retention is written, the words of its engine, and those of another one that is written so too."""
_OWN = {Role.POSTGRES: regex(rf"(?i){_POSTGRES}"), Role.MYSQL: regex(rf"(?i){_MYSQL}")}


def keeps_managed_copies(project: Project, service: Service) -> bool:
    """Whether code for infrastructure gives a database of the store's engine a retention above zero: Terraform and its modules,
    Terragrunt, CloudFormation, CDK, Pulumi, an operator's objects or a chart's values.
    """
    known = _ENGINES.get(service.role) if service.role else None
    if known is None or service.role is None:
        return False
    retention, engine, other = known
    code = _infrastructure_texts(project)
    terraform = "\n".join(text for path, text in code if path.endswith((".tf", ".tf.json", ".tofu")))
    for path, text in code:
        said = f"{path}\n{text}"
        if _is_values(path) and _VALUES.search(text) and service.role in _OWN and _OWN[service.role].search(said):
            return True
        if retention.search(text) and engine.search(f"{said}\n{terraform}" if path.endswith(".tfvars") else said):
            own = _OWN.get(service.role)
            if other is None or not other.search(said) or (own is not None and own.search(said)):
                return True
    return False


@remembered
def _infrastructure_texts(project: Project) -> tuple[tuple[str, str], ...]:
    """Return path and text, without comments, of what may declare a managed store that is no developer's."""
    passed = {*project.owned, *(file.path for file in project.compose_files), *(item.path for item in project.workflows)}
    return tuple(
        (item.path, _COMMENT.sub("", item.text))
        for item in project.sources
        if ("etention" in item.text or "ackup" in item.text or item.path.endswith((".tf", ".tofu")))
        and item.path not in passed
        and _declares_infrastructure(item.path, item.text)
        and not is_test_path(item.path)
        and not _calls_what_is_missing(project, item.path, item.text)
        and path_environment(item.path) not in TRIED
    )


def _calls_what_is_missing(project: Project, path: str, text: str) -> bool:
    """Whether Terraform names a module of the repository that is not in it (IAC010): nothing of that can be applied."""
    named = _LOCAL_SOURCE.findall(text) if path.endswith(_TERRAFORM) else ()
    folders = (posixpath.normpath(posixpath.join(posixpath.dirname(path), name.replace("//", "/"))) for name in named)
    return any(not folder.startswith("..") and not project.exists(folder) for folder in folders)


def _declares_infrastructure(path: str, text: str) -> bool:
    if path.endswith(_TERRAFORM):
        return True
    if path.endswith(_TEMPLATES):
        return _is_values(path) or any(word in text for word in ("AWS::", "Microsoft.DBfor", "kind:", "runtime: yaml"))
    return path.endswith(_CODE) and any(word in text for word in _DECLARES)


def _is_values(path: str) -> bool:
    name = path.rpartition("/")[2]
    return "values" in name and name.endswith((".yaml", ".yml"))
