"""The configurations of Prometheus, Alertmanager and the prober, built as data."""

from __future__ import annotations

import json
import posixpath
from typing import Any

from scaffold.generate.emit import to_yaml
from scaffold.model.artifact import Artifact
from scaffold.model.monitoring import Component, ComponentKind, MonitoringPlan, ScrapeJob
from scaffold.model.names import Room
from scaffold.model.target import Target

_MODULES = {"probe-http": "http", "probe-local": "http_local", "probe-tcp": "tcp"}
_HEALTHY = [200, 201, 202, 203, 204, 301, 302, 303, 307, 308]
_CONTAINER_LABELS = [
    {"source_labels": ["container_label_com_docker_compose_service"], "regex": "(.+)", "target_label": "service"},
    {"regex": "container_label_com_docker_compose_service", "action": "labeldrop"},
]
"""A container's metrics carry the name of its compose service as their service, like everything else."""
_RECEIVERS = """Alerts are grouped here and shown at Alertmanager's own page and in Grafana. The receiver "null" tells nobody.
To be told, name a receiver of yours in `route`, and keep its secret in a file of the folder `secrets` beside this one, which
git ignores and the container shows (readable for everybody, because Alertmanager runs as nobody):

  receivers:
    - name: team
      slack_configs:
        - channel: "#alerts"
          api_url_file: /etc/alertmanager/secrets/slack-url
          send_resolved: true

pagerduty_configs take routing_key_file and email_configs auth_password_file in the same way."""


def rules_folder(plan: MonitoringPlan) -> str:
    """Return the folder of the rule files; it is beside the configuration, so that promtool finds them there too."""
    component = plan.component(ComponentKind.PROMETHEUS)
    mounts = component.mounts if component else ()
    return next((mount.source for mount in mounts if mount.target.endswith("/rules")), f"{plan.folder}/rules")


def render_prometheus(target: Target, plan: MonitoringPlan, rule_files: tuple[str, ...]) -> Artifact | None:
    """Return Prometheus' configuration, theirs carried over where they have one; None when Prometheus does not read ours."""
    component = plan.component(ComponentKind.PROMETHEUS)
    if component is None or not plan.own_rules or not component.mounts:
        return None
    path = component.mounts[0].source
    data: dict[str, Any] = json.loads(plan.carried_configuration) if plan.carried_configuration else {}
    globals_ = {"scrape_interval": "15s", "evaluation_interval": "15s", "external_labels": {"project": target.app}}
    data["global"] = {**globals_, **(data.get("global") or {})}
    names = [f"rules/{posixpath.basename(name)}" for name in rule_files]
    data["rule_files"] = [*(data.get("rule_files") or []), *names, *(["their-rules/*"] if plan.their_rules else [])]
    alertmanager = plan.component(ComponentKind.ALERTMANAGER)
    if alertmanager:
        data["alerting"] = _alerting(data.get("alerting"), f"{alertmanager.service}:{alertmanager.port}")
    data["scrape_configs"] = [*(data.get("scrape_configs") or []), *(_job(plan, job) for job in plan.jobs)]
    return Artifact(path, to_yaml(data, _header(plan)), Room.MONITORING, target.closed_by(Room.MONITORING))


def _header(plan: MonitoringPlan) -> str:
    return (
        f"What is scraped, and why the rest is not, is in {plan.folder}/README.md.\n"
        f"promtool check config on this file reads the rules beside it."
    )


def _alerting(theirs: object, address: str) -> dict[str, Any]:
    managers = theirs.get("alertmanagers") if isinstance(theirs, dict) else None
    kept = [group for group in managers or [] if address in json.dumps(group)]
    return {"alertmanagers": kept or [{"static_configs": [{"targets": [address]}]}]}


def _job(plan: MonitoringPlan, job: ScrapeJob) -> dict[str, Any]:
    node: dict[str, Any] = {"job_name": job.name}
    if job.kind != "scrape" or job.metrics_path != "/metrics":
        node["metrics_path"] = job.metrics_path
    if job.kind != "scrape":
        node["params"] = {"module": [_MODULES[job.kind]]}
    node["static_configs"] = [{"targets": [item.address], "labels": {"service": item.service}} for item in job.targets]
    cadvisor = plan.component(ComponentKind.CADVISOR)
    if cadvisor and job.targets[0].address == f"{cadvisor.service}:{cadvisor.port}":
        node["metric_relabel_configs"] = _CONTAINER_LABELS
    prober = plan.component(ComponentKind.BLACKBOX)
    if job.kind != "scrape" and prober:
        node["relabel_configs"] = [
            {"source_labels": ["__address__"], "target_label": "__param_target"},
            {"source_labels": ["__param_target"], "target_label": "instance"},
            {"target_label": "__address__", "replacement": f"{prober.service}:{prober.port}"},
        ]
    return node


def render_alertmanager(plan: MonitoringPlan) -> tuple[Artifact, ...]:
    """Return a configuration with a receiver that tells nobody, and its folder for secrets; nothing where theirs is used."""
    component = plan.component(ComponentKind.ALERTMANAGER)
    path = _configuration(component)
    if component is None or path is None or not component.mounts[0].written:
        return ()
    data = {
        "route": {
            "receiver": "null",
            "group_by": ["alertname", "service"],
            "group_wait": "30s",
            "group_interval": "5m",
            "repeat_interval": "4h",
            "routes": [{"receiver": "null", "matchers": ['alertname="Watchdog"']}],
        },
        "inhibit_rules": [
            {
                # Labels that both lack count as equal, so both have to name the resource.
                "source_matchers": ['severity="critical"', 'resource!=""'],
                "target_matchers": ['severity="warning"', 'resource!=""'],
                "equal": ["service", "resource", "instance", "mountpoint"],
            }
        ],
        "receivers": [{"name": "null"}],
    }
    secrets = (Artifact(f"{mount.source}/.gitignore", "*\n!.gitignore\n", Room.MONITORING) for mount in component.mounts[1:])
    return (Artifact(path, to_yaml(data, _RECEIVERS), Room.MONITORING), *secrets)


def _configuration(component: Component | None) -> str | None:
    return component.mounts[0].source if component and component.mounts else None


def render_prober(plan: MonitoringPlan) -> Artifact | None:
    """Return the modules of the prober; `http_local` asks as the services' own healthchecks do."""
    component = plan.component(ComponentKind.BLACKBOX)
    path = _configuration(component)
    if component is None or component.theirs or path is None:
        return None
    http = {
        "preferred_ip_protocol": "ip4",
        "follow_redirects": False,
        "valid_status_codes": _HEALTHY,
    }
    data = {
        "modules": {
            "http": {"prober": "http", "timeout": "5s", "http": http},
            "http_local": {"prober": "http", "timeout": "5s", "http": {**http, "headers": {"Host": "localhost"}}},
            "tcp": {"prober": "tcp", "timeout": "5s", "tcp": {"preferred_ip_protocol": "ip4"}},
        }
    }
    return Artifact(path, to_yaml(data), Room.MONITORING)
