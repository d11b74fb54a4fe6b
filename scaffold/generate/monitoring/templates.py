"""Files of fixed structure: Loki and Alloy from their blueprint, Grafana's dashboards and what provisions them."""

from __future__ import annotations

from typing import Any

from scaffold.generate.blueprint import render_blueprint
from scaffold.generate.emit import to_yaml
from scaffold.model.artifact import Artifact
from scaffold.model.http_metrics import HTTP_METRICS
from scaffold.model.monitoring import Component, ComponentKind, FileMount, MonitoringPlan
from scaffold.model.names import Room
from scaffold.model.target import Target

_ROOM = "monitoring"
_BOARD_OF = {
    ComponentKind.BLACKBOX: "availability.json",
    ComponentKind.POSTGRES_EXPORTER: "postgres.json",
    ComponentKind.REDIS_EXPORTER: "redis.json",
    ComponentKind.CELERY_EXPORTER: "celery.json",
    ComponentKind.NODE_EXPORTER: "host.json",
    ComponentKind.CADVISOR: "containers.json",
    ComponentKind.LOKI: "logs.json",
}


def render_templates(target: Target, plan: MonitoringPlan) -> tuple[Artifact, ...]:
    """Return the configurations of the log store and the collector, and everything that Grafana loads."""
    return (*_logs(target, plan), *_dashboards(target, plan), *_provisioning(plan))


def _logs(target: Target, plan: MonitoringPlan) -> list[Artifact]:
    loki = plan.component(ComponentKind.LOKI)
    wanted = {ComponentKind.LOKI: "loki.yaml", ComponentKind.ALLOY: "config.alloy"}
    found = [item for item in plan.components if item.kind in wanted and not item.theirs and item.mounts]
    if loki is None or not found:
        return []
    values = {"loki_url": f"http://{loki.service}:{loki.port}", "retention": "336h"}
    files = {file.path: file.text for file in render_blueprint(_ROOM, "logs", values, target.blueprints)}
    return [Artifact(item.mounts[0].source, files[wanted[item.kind]], Room.MONITORING) for item in found]


def _dashboards(target: Target, plan: MonitoringPlan) -> list[Artifact]:
    folder = _mount(plan, "/etc/grafana/dashboards/scaffold")
    if folder is None:
        return []
    wanted = {_BOARD_OF[item.kind] for item in plan.components if item.kind in _BOARD_OF and _has_data(plan, item)}
    wanted |= {f"{job.library}.json" for job in plan.jobs if job.library == "rabbitmq" and plan.own_rules}
    asked = any(job.kind in {"probe-http", "probe-local"} for job in plan.jobs)
    values = {"app": target.app, "task_events": plan.task_events, "http_probes": asked}
    files = render_blueprint(_ROOM, "dashboards", values, target.blueprints)
    found = [Artifact(f"{folder.source}/{file.path}", file.text, Room.MONITORING) for file in files if file.path in wanted]
    libraries = sorted({job.library for job in plan.jobs if job.library in HTTP_METRICS})
    for library in libraries:
        names = HTTP_METRICS[library]
        http = {"requests": names.requests, "errors": names.errors, "bucket": names.bucket, "route": names.route}
        values = {"app": target.app, "library": library, "http": {**http, "status": names.status}}
        files = render_blueprint(_ROOM, "dashboard-http", values, target.blueprints)
        found += [Artifact(f"{folder.source}/http-{library}.json", file.text, Room.MONITORING) for file in files]
    return found


def _has_data(plan: MonitoringPlan, component: Component) -> bool:
    """Whether something fills the dashboard: probes for availability, rules of ours or logs for the rest."""
    if component.kind is ComponentKind.BLACKBOX:
        return any(job.kind != "scrape" for job in plan.jobs)
    return component.kind is ComponentKind.LOKI or plan.own_rules


def _mount(plan: MonitoringPlan, target: str) -> FileMount | None:
    grafana = plan.component(ComponentKind.GRAFANA)
    return next((mount for mount in grafana.mounts if mount.target == target), None) if grafana else None


def _provisioning(plan: MonitoringPlan) -> list[Artifact]:
    grafana = plan.component(ComponentKind.GRAFANA)
    sources = _mount(plan, "/etc/grafana/provisioning/datasources/scaffold.yaml")
    provider = _mount(plan, "/etc/grafana/provisioning/dashboards/scaffold.yaml")
    if grafana is None or sources is None or provider is None:
        return []
    folders = [mount.target for mount in grafana.mounts if mount.target.startswith("/etc/grafana/dashboards/")]
    return [
        Artifact(sources.source, to_yaml(_data_sources(plan, grafana)), Room.MONITORING),
        Artifact(provider.source, to_yaml(_providers(folders)), Room.MONITORING),
    ]


def _data_sources(plan: MonitoringPlan, grafana: Component) -> dict[str, Any]:
    entries = []
    prometheus = plan.component(ComponentKind.PROMETHEUS)
    if prometheus and not plan.their_data_sources:
        url = f"http://{prometheus.service}:{prometheus.port}"
        entries.append({**_source("Prometheus", "prometheus", url), "isDefault": True, "jsonData": {"timeInterval": "15s"}})
    alertmanager = plan.component(ComponentKind.ALERTMANAGER)
    if alertmanager and prometheus:
        url = f"http://{alertmanager.service}:{alertmanager.port}"
        entries.append({**_source("Alertmanager", "alertmanager", url), "jsonData": {"implementation": "prometheus"}})
    loki = plan.component(ComponentKind.LOKI)
    if loki and not (grafana.theirs and loki.theirs):
        entries.append(_source("Loki", "loki", f"http://{loki.service}:{loki.port}"))
    return {"apiVersion": 1, **({} if grafana.theirs else {"prune": True}), "datasources": entries}


def _source(name: str, kind: str, url: str) -> dict[str, Any]:
    return {"name": name, "uid": kind, "type": kind, "access": "proxy", "url": url, "editable": False}


def _providers(folders: list[str]) -> dict[str, Any]:
    return {
        "apiVersion": 1,
        "providers": [
            {
                "name": folder.rpartition("/")[2],
                "folder": "Operations" if folder.endswith("/scaffold") else "Project",
                "type": "file",
                "disableDeletion": True,
                "allowUiUpdates": False,
                "options": {"path": folder},
            }
            for folder in folders
        ],
    }
