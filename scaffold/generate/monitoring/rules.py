"""The rule files and their tests, for the roles that the stack has."""

from __future__ import annotations

import posixpath
from typing import Any

from scaffold.generate.emit import to_yaml
from scaffold.generate.monitoring.prometheus import rules_folder
from scaffold.model.alert import Alert, AlertGroup
from scaffold.model.artifact import Artifact
from scaffold.model.monitoring import MonitoringPlan
from scaffold.model.names import Room


def render_rules(plan: MonitoringPlan) -> tuple[Artifact, ...]:
    """Return one file of rules and one of tests for each group."""
    folder = rules_folder(plan)
    artifacts = []
    for group in plan.alert_groups:
        rules = f"{folder}/{group.name}.rules.yml"
        tests = f"{plan.folder}/tests/{group.name}.test.yml"
        header = f"Tests: promtool test rules {posixpath.basename(tests)}, in {posixpath.dirname(tests)}."
        artifacts.append(Artifact(rules, to_yaml(_rules(plan, group), header), Room.MONITORING))
        relative = posixpath.relpath(rules, posixpath.dirname(tests))
        artifacts.append(Artifact(tests, to_yaml(_tests(group, relative)), Room.MONITORING))
    return tuple(artifacts)


def rule_paths(plan: MonitoringPlan) -> tuple[str, ...]:
    """Return the paths of the rule files."""
    return tuple(f"{rules_folder(plan)}/{group.name}.rules.yml" for group in plan.alert_groups)


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
