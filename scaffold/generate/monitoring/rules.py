"""The rule files and their tests, for the roles that the stack has."""

from __future__ import annotations

import posixpath
from typing import Any

from scaffold.generate.emit import to_yaml
from scaffold.generate.monitoring.alert import Alert, AlertGroup
from scaffold.generate.monitoring.alerts_broker import rabbitmq_group
from scaffold.generate.monitoring.alerts_platform import (
    containers_group,
    host_group,
    monitoring_group,
    probes_group,
    targets_group,
)
from scaffold.generate.monitoring.alerts_service import HTTP_METRICS, celery_group, http_group, postgres_group, redis_group
from scaffold.generate.monitoring.prometheus import rules_folder
from scaffold.model.artifact import Artifact
from scaffold.model.monitoring import ComponentKind, MonitoringPlan, ScrapeJob
from scaffold.model.names import Room


def alert_groups(plan: MonitoringPlan) -> tuple[AlertGroup, ...]:
    """Return the groups whose metrics the stack can give, in the order of the guide; none when nothing loads them."""
    if not plan.own_rules:
        return ()
    probes = [job for job in plan.jobs if job.kind != "scrape"]
    exporters = tuple(job.name for job in plan.jobs if _is_exporters(plan, job))
    groups = [targets_group(tuple((job.name, _asked(plan, job)) for job in plan.jobs), exporters)]
    if probes:
        groups.append(probes_group(tls=any(item.address.startswith("https:") for job in probes for item in job.targets)))
    libraries = sorted({job.library for job in plan.jobs if job.library in HTTP_METRICS})
    groups += [http_group(HTTP_METRICS[library], library) for library in libraries]
    groups += _store_groups(plan)
    if plan.component(ComponentKind.NODE_EXPORTER):
        groups.append(host_group())
    if plan.component(ComponentKind.CADVISOR):
        groups.append(containers_group())
    groups.append(monitoring_group(logs=plan.job("loki") is not None and plan.job("alloy") is not None))
    return tuple(groups)


def _is_exporters(plan: MonitoringPlan, job: ScrapeJob) -> bool:
    """Whether the targets of a job are exporters, which tell about another service than themselves."""
    addresses = {f"{item.service}:{item.port}" for item in plan.components if item.watches}
    return any(target.address in addresses for target in job.targets)


def _asked(plan: MonitoringPlan, job: ScrapeJob) -> str:
    """Return the service that Prometheus really asks: an exporter or the prober, not what they tell about."""
    prober = plan.component(ComponentKind.BLACKBOX)
    if job.kind != "scrape" and prober:
        return prober.service
    target = job.targets[0]
    return target.address.partition(":")[0] if _is_exporters(plan, job) else target.service


def _store_groups(plan: MonitoringPlan) -> list[AlertGroup]:
    groups = []
    celery = plan.component(ComponentKind.CELERY_EXPORTER)
    if plan.component(ComponentKind.POSTGRES_EXPORTER):
        groups.append(postgres_group())
    if plan.component(ComponentKind.REDIS_EXPORTER):
        groups.append(redis_group(keeps_work=celery is not None))
    if celery:
        groups.append(celery_group(celery.watches or celery.service, events=plan.task_events))
    if any(job.library == "rabbitmq" for job in plan.jobs):
        groups.append(rabbitmq_group())
    return groups


def render_rules(plan: MonitoringPlan) -> tuple[Artifact, ...]:
    """Return one file of rules and one of tests for each group."""
    folder = rules_folder(plan)
    artifacts = []
    for group in alert_groups(plan):
        rules = f"{folder}/{group.name}.rules.yml"
        tests = f"{plan.folder}/tests/{group.name}.test.yml"
        header = f"Tests: promtool test rules {posixpath.basename(tests)}, in {posixpath.dirname(tests)}."
        artifacts.append(Artifact(rules, to_yaml(_rules(plan, group), header), Room.MONITORING))
        relative = posixpath.relpath(rules, posixpath.dirname(tests))
        artifacts.append(Artifact(tests, to_yaml(_tests(group, relative)), Room.MONITORING))
    return tuple(artifacts)


def rule_paths(plan: MonitoringPlan) -> tuple[str, ...]:
    """Return the paths of the rule files."""
    return tuple(f"{rules_folder(plan)}/{group.name}.rules.yml" for group in alert_groups(plan))


def _rules(plan: MonitoringPlan, group: AlertGroup) -> dict[str, Any]:
    return {"groups": [{"name": group.name, "rules": [_rule(plan, alert) for alert in group.alerts]}]}


def _rule(plan: MonitoringPlan, alert: Alert) -> dict[str, Any]:
    node: dict[str, Any] = {"alert": alert.name, "expr": alert.expression}
    if alert.minutes:
        node["for"] = f"{alert.minutes}m"
    named = {"service": alert.service, "job": alert.job, "resource": alert.resource}
    node["labels"] = {"severity": alert.severity, **{name: value for name, value in named.items() if value}}
    node["annotations"] = {
        "summary": alert.summary,
        "description": alert.description,
        # A path in the repository, so no `runbook_url`: chats and Grafana would show a link that leads nowhere.
        "runbook": f"{plan.folder}/README.md, {alert.name}",
    }
    return node


def _tests(group: AlertGroup, rules: str) -> dict[str, Any]:
    cases = []
    for alert in group.alerts:
        cases.append(_case(alert, alert.firing, fires=True))
        if alert.quiet:
            cases.append(_case(alert, alert.quiet, fires=False))
    return {"rule_files": [rules], "evaluation_interval": "1m", "tests": cases}


def _case(alert: Alert, series: tuple[tuple[str, str], ...], *, fires: bool) -> dict[str, Any]:
    job = f', job="{alert.job}"' if alert.job else ""
    return {
        "name": " ".join(filter(None, (alert.name, alert.job, "fires" if fires else "stays quiet"))),
        "interval": "1m",
        "input_series": [{"series": text, "values": values} for text, values in series],
        "promql_expr_test": [
            {
                "expr": f'count(ALERTS{{alertname="{alert.name}"{job}, alertstate="firing"}})',
                "eval_time": f"{alert.at}m",
                "exp_samples": [{"labels": "{}", "value": 1}] if fires else [],
            }
        ],
    }
