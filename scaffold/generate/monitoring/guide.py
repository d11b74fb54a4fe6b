"""The operator's guide: how to start and reach the monitoring, what is watched, and a short runbook for every alert."""

from __future__ import annotations

from scaffold.generate.blueprint import render_blueprint
from scaffold.generate.monitoring.overlay import compose_command, port_variable
from scaffold.generate.monitoring.prometheus import rules_folder
from scaffold.model.alert import Alert
from scaffold.model.artifact import Artifact
from scaffold.model.monitoring import Component, ComponentKind, MonitoringPlan, Remark, ScrapeJob
from scaffold.model.names import Room
from scaffold.model.target import Target

_TITLES = {
    ComponentKind.GRAFANA: "Grafana",
    ComponentKind.PROMETHEUS: "Prometheus",
    ComponentKind.ALERTMANAGER: "Alertmanager",
}


def render_guide(target: Target, plan: MonitoringPlan) -> Artifact:
    """Return README.md of the monitoring folder."""
    groups = plan.alert_groups
    alertmanager = plan.component(ComponentKind.ALERTMANAGER)
    values = {
        "app": target.app,
        "command": compose_command(target, plan),
        "guide": {
            "pages": [_page(item) for item in plan.components if item.host_port and item.kind in _TITLES],
            "variables": [{"name": item.name, "why": item.why} for item in plan.variables],
            "jobs": [_job(job) for job in plan.jobs],
            "remarks": [_remark(item) for item in plan.remarks],
            "unwatched": [_remark(item) for item in plan.unwatched],
            "alerts": list({alert.name: _alert(alert) for group in groups for alert in group.alerts}.values()),
            "receivers": alertmanager.mounts[0].source if alertmanager and alertmanager.mounts else "",
            "alertmanager": alertmanager.service if alertmanager else "",
            "rules": rules_folder(plan) if groups else "",
            "tests": f"{plan.folder}/tests",
            "celery": _celery_without_events(plan),
            "logs": plan.component(ComponentKind.ALLOY) is not None,
            "postgres": next(
                (c.watches for c in plan.components if c.kind is ComponentKind.POSTGRES_EXPORTER and not c.theirs), ""
            ),
        },
    }
    (file,) = render_blueprint("monitoring", "guide", values, target.blueprints)
    return Artifact(f"{plan.folder}/README.md", file.text, Room.MONITORING)


def _page(component: Component) -> dict[str, object]:
    return {
        "title": _TITLES[component.kind],
        "port": str(component.host_port),
        "variable": "" if component.theirs else port_variable(component),
        "login": component.kind is ComponentKind.GRAFANA and not component.theirs,
    }


def _job(job: ScrapeJob) -> dict[str, object]:
    return {"name": job.name, "targets": [{"address": item.address, "service": item.service} for item in job.targets]}


def _remark(remark: Remark) -> dict[str, object]:
    return {"subject": remark.subject, "text": remark.text}


def _alert(alert: Alert) -> dict[str, object]:
    return {
        "name": alert.name,
        "severity": alert.severity,
        "minutes": str(alert.minutes),
        "expression": alert.expression.replace(alert.job, "JOB") if alert.job else alert.expression,
        "meaning": alert.meaning,
        "check": alert.check,
        "act": alert.act,
    }


def _celery_without_events(plan: MonitoringPlan) -> str:
    celery = plan.component(ComponentKind.CELERY_EXPORTER)
    return celery.watches if celery and not plan.task_events else ""
