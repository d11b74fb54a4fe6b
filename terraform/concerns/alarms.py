"""CloudWatch's alarms on what AWS runs, to one encrypted topic: full, saturated, failing, or without a backup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from terraform import names
from terraform.concerns import elasticache, iam, kms, rds
from terraform.concerns.balancer import Balancer
from terraform.concerns.foundation import Foundation
from terraform.resource import Reference, Variable
from terraform.values import Expression, JsonDocument, Value, join

FILE = "alarms.tf"
_EVENTS = ("availability", "failover", "failure", "low storage", "maintenance", "notification", "recovery")
_OVERDUE_IDS = 1_000_000_000
"""PostgreSQL stops taking writes before 2.1 billion transactions without a vacuum (its manual, routine vacuuming)."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: it goes off when `statistic` of the metric is beyond `threshold` for `periods` times `seconds`."""

    name: str
    suffix: str
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, Value]
    threshold: Value
    comparison: str = "GreaterThanThreshold"
    statistic: str = "Average"
    periods: int = 3
    seconds: int = 300
    count: Expression | None = None
    missing: str = "missing"


def build(
    base: Foundation, key: Reference, databases: tuple[rds.Database, ...], caches: tuple[elasticache.BuiltCache, ...]
) -> Reference:
    """Add the topic and the alarms of the stores, and return the topic."""
    base.variable(
        Variable(
            "alarm_email",
            "string",
            "Address to which alarms are sent; AWS asks it for consent first. Empty: nobody is told.",
            "",
            'var.alarm_email == "" || can(regex("^[^@[:space:]]+@[^@[:space:]]+$", var.alarm_email))',
            "An address, or nothing.",
        )
    )
    topic = _topic(base, key)
    for database in databases:
        _database(base, topic, database)
    for cache in caches:
        if cache.store.product == "memorydb":
            _memory(base, topic, cache)
        else:
            _cache(base, topic, cache)
    _backups(base, topic)
    return topic


def add(base: Foundation, topic: Reference, alarm: Alarm) -> None:
    """Add one alarm that tells the topic when it starts and when it is over."""
    tells: Value = [topic.attribute("arn")]
    base.stack.resource(
        FILE,
        "aws_cloudwatch_metric_alarm",
        alarm.name,
        {
            "count": alarm.count,
            "alarm_name": join(base.name, "-", *_parts(alarm)),
            "alarm_description": alarm.description,
            "namespace": alarm.namespace,
            "metric_name": alarm.metric,
            "dimensions": alarm.dimensions,
            "statistic": None if alarm.statistic.startswith("p") else alarm.statistic,
            "extended_statistic": alarm.statistic if alarm.statistic.startswith("p") else None,
            "period": alarm.seconds,
            "evaluation_periods": alarm.periods,
            "comparison_operator": alarm.comparison,
            "threshold": alarm.threshold,
            "treat_missing_data": alarm.missing,
            "actions_enabled": True,
            "alarm_actions": tells,
            "ok_actions": tells,
        },
    )


def _parts(alarm: Alarm) -> tuple[str | Expression, ...]:
    """Return the ending of the name; alarms that are counted end in their number."""
    return (alarm.suffix,) if alarm.count is None else (f"{alarm.suffix}-", Expression("count.index + 1"))


def _topic(base: Foundation, key: Reference) -> Reference:
    arguments: dict[str, Value] = {"name": base.named("alarms"), "kms_master_key_id": key.attribute("id")}
    topic = base.stack.resource(FILE, "aws_sns_topic", "alarms", arguments)
    publishes: iam.Statement = {
        "Sid": "AlarmsOfThisAccount",
        "Effect": "Allow",
        "Principal": {"Service": list(kms.PUBLISHERS)},
        "Action": "sns:Publish",
        "Resource": topic.attribute("arn"),
        "Condition": {"StringEquals": {"aws:SourceAccount": base.account}},
    }
    policy: dict[str, Value] = {"arn": topic.attribute("arn"), "policy": iam.document([publishes])}
    base.stack.resource(FILE, "aws_sns_topic_policy", "alarms", policy)
    subscription: dict[str, Value] = {
        "count": Expression('var.alarm_email == "" ? 0 : 1'),
        "topic_arn": topic.attribute("arn"),
        "protocol": "email",
        "endpoint": Expression("var.alarm_email"),
    }
    base.stack.resource(FILE, "aws_sns_topic_subscription", "alarm_email", subscription)
    return topic


def _database(base: Foundation, topic: Reference, database: rds.Database) -> None:
    prefix, service = database.variable_prefix, database.store.service
    connections = base.variable(
        Variable(
            f"{prefix}_connections_alarm",
            "number",
            f"Connections to the database of the service {service} that are too many: 80 % of what its instance class takes.",
            330,
            f"var.{prefix}_connections_alarm > 0",
            "A number above 0.",
        )
    )
    short = base.stores[service]
    identity: Mapping[str, Value] = {"DBInstanceIdentifier": database.instance.attribute("identifier")}
    name, ending, what = f"rds_{names.identifier(short)}", f"{short}-", f"{service}: "

    def alarm(suffix: str, metric: str, text: str, threshold: Value, periods: int = 3) -> Alarm:
        return Alarm(f"{name}_{suffix}", ending + suffix, what + text, "AWS/RDS", metric, identity, threshold, periods=periods)

    free = Expression(f"var.{prefix}_allocated_storage * 1024 * 1024 * 1024 * 0.15")
    storage = alarm("storage", "FreeStorageSpace", "Little storage is free: a full database stops.", free, periods=2)
    add(base, topic, replace(storage, comparison="LessThanThreshold"))
    add(base, topic, alarm("cpu", "CPUUtilization", "The processor has been busy for a quarter of an hour.", 90))
    add(base, topic, alarm("connections", "DatabaseConnections", "Soon nobody new can connect.", connections))
    add(base, topic, alarm("swap", "SwapUsage", "Memory is short: the instance class is too small.", 256 * 1024 * 1024))
    vacuum = "Vacuum is far behind: PostgreSQL will stop taking writes."
    add(base, topic, alarm("wraparound", "MaximumUsedTransactionIDs", vacuum, _OVERDUE_IDS, periods=1))
    events: dict[str, Value] = {
        "name": base.named(f"{short}-events"),
        "sns_topic": topic.attribute("arn"),
        "source_type": "db-instance",
        "source_ids": [database.instance.attribute("identifier")],
        "event_categories": list(_EVENTS),
    }
    base.stack.resource(FILE, "aws_db_event_subscription", f"rds_{names.identifier(short)}", events)


def _cache(base: Foundation, topic: Reference, cache: elasticache.BuiltCache) -> None:
    """Each node has metrics of its own; ElastiCache numbers them from 001."""
    short, service = base.stores[cache.store.service], cache.store.service
    count = Expression(f"var.{elasticache.variable_prefix(base, cache.store)}_node_count")
    number = Expression('format("%03d", count.index + 1)')
    identity: Mapping[str, Value] = {"CacheClusterId": join(cache.group.attribute("replication_group_id"), "-", number)}
    name, ending, what = f"elasticache_{names.identifier(short)}", f"{short}-", f"{service}: "

    def alarm(suffix: str, metric: str, text: str, threshold: int, periods: int) -> None:
        common = Alarm(f"{name}_{suffix}", ending + suffix, what + text, "AWS/ElastiCache", metric, identity, threshold)
        add(base, topic, replace(common, periods=periods, count=count))

    alarm("memory", "DatabaseMemoryUsagePercentage", "The memory is nearly full.", 80, 2)
    alarm("cpu", "EngineCPUUtilization", "The engine's one thread is busy.", 90, 3)
    alarm("lag", "ReplicationLag", "A replica is seconds behind: a failover would lose what it lacks.", 10, 3)
    alarm("logins", "AuthenticationFailures", "Somebody logs in with a wrong password, perhaps the old one.", 0, 1)
    if cache.store.broker:
        alarm("evictions", "Evictions", "Keys are given up to make room, and jobs with them.", 0, 1)


def _memory(base: Foundation, topic: Reference, cache: elasticache.BuiltCache) -> None:
    short, service = base.stores[cache.store.service], cache.store.service
    identity: Mapping[str, Value] = {"ClusterName": cache.group.attribute("name")}
    name = f"memorydb_{names.identifier(short)}"
    full = "DatabaseMemoryUsagePercentage"
    text = f"{service}: The memory is nearly full: writes are refused."
    add(base, topic, Alarm(f"{name}_memory", f"{short}-memory", text, "AWS/MemoryDB", full, identity, 80, periods=2))
    text = f"{service}: The engine's one thread is busy."
    add(base, topic, Alarm(f"{name}_cpu", f"{short}-cpu", text, "AWS/MemoryDB", "EngineCPUUtilization", identity, 90))


def balancer(base: Foundation, topic: Reference, front: Balancer) -> None:
    """Add the alarms of the load balancer: what users see."""
    whole = front.reference.attribute("arn_suffix")
    namespace = "AWS/ApplicationELB"
    text = "The load balancer answers with errors: it finds no task that is well."
    nobody = Alarm("balancer_5xx", "balancer-5xx", text, namespace, "HTTPCode_ELB_5XX_Count", {"LoadBalancer": whole}, 10)
    add(base, topic, replace(nobody, missing="notBreaching", statistic="Sum", periods=1))
    for workload, served in front.targets.items():
        identity: Mapping[str, Value] = {"LoadBalancer": whole, "TargetGroup": served.group.attribute("arn_suffix")}
        slug = names.slug(workload, 28)
        name = f"target_{names.identifier(slug)}"
        text = f"{workload}: it answers with errors."
        errors = Alarm(f"{name}_5xx", f"{slug}-5xx", text, namespace, "HTTPCode_Target_5XX_Count", identity, 20)
        add(base, topic, replace(errors, missing="notBreaching", statistic="Sum", periods=1))
        text = f"{workload}: no task is well."
        down = Alarm(f"{name}_down", f"{slug}-down", text, namespace, "HealthyHostCount", identity, 1)
        add(
            base,
            topic,
            replace(down, comparison="LessThanThreshold", missing="breaching", statistic="Minimum", periods=3, seconds=60),
        )
        text = f"{workload}: one request in a hundred takes longer than two seconds."
        slow = Alarm(f"{name}_slow", f"{slug}-slow", text, namespace, "TargetResponseTime", identity, 2)
        add(base, topic, replace(slow, missing="notBreaching", statistic="p99"))


def _backups(base: Foundation, topic: Reference) -> None:
    """A backup that fails says so nowhere else."""
    pattern: Value = {
        "source": ["aws.backup"],
        "detail-type": ["Backup Job State Change"],
        "detail": {"state": ["ABORTED", "EXPIRED", "FAILED"]},
    }
    arguments: dict[str, Value] = {
        "name": base.named("backup-failed"),
        "description": "A backup has failed, was stopped, or never started",
        "event_pattern": JsonDocument(pattern),
    }
    rule = base.stack.resource(FILE, "aws_cloudwatch_event_rule", "backup_failed", arguments)
    target: dict[str, Value] = {"rule": rule.attribute("name"), "arn": topic.attribute("arn")}
    base.stack.resource(FILE, "aws_cloudwatch_event_target", "backup_failed", target)
