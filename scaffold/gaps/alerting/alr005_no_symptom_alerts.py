"""ALR005: no alert sees what a user would (errors, latency, a service that is down), or metrics are kept without any alert."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.alerting.alarms import alarms_declared
from scaffold.gaps.signals import stacks_in_use, tool_services
from scaffold.model.compose import Service
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SYMPTOM = regex(
    r"\bup\b|absent|_up\b|probe_|error|fail|5\.\.|\b5xx\b|50\d|status|latency|duration|_bucket|quantile|_seconds|available|cpu|memory"
    r"|filesystem|disk|restart|health|burnrate|slo|apdex|connections|lag|queue_length|saturation",
    re.IGNORECASE,
)


_BY_HAND = Closer(
    None,
    "advice",
    "Write alerts on up, error rate and latency, and name their file under rule_files; `scaffold generate monitoring` does "
    "so where it can give this Prometheus a file.",
)
_KEEPERS = frozenset({"prometheus", "victoria-metrics"})


def _detect(project: Project) -> Iterator[Gap]:
    files = [file for file in project.alert_rules if file.alerts]
    alerts = [alert for file in files for alert in file.alerts]
    if not alerts:
        yield from _without_alerts(project)
        return
    if any(_SYMPTOM.search(alert.expression) or _SYMPTOM.search(alert.name) for alert in alerts):
        return
    names = ", ".join(alert.name for alert in alerts[:5])
    yield RULE.gap(
        resource="alerting",
        subject="symptom-alerts",
        message=f"None of the {len(alerts)} alerts ({names}) fires when requests fail, become slow or a service is down.",
        expected="alerts on up, error rate, latency and saturation",
        actual="alerts on other things only",
        locations=tuple(alert.location for alert in alerts),
    )


def _without_alerts(project: Project) -> Iterator[Gap]:
    """Yield the gap of a stack in use that keeps metrics which nobody is called by; alarms of a cloud are somebody's."""
    keepers = [item for item in tool_services(project, stacks_in_use(project), _KEEPERS) if _is_whole(project, item[1])]
    if not keepers or project.alertmanagers or alarms_declared(project):
        return
    stack, service = keepers[0]
    yield RULE.gap(
        resource="alerting",
        subject="alert-rules",
        message=f"{service.name} keeps metrics, and no alert rule is declared in this repository: "
        "nobody is called when a service is down.",
        expected="alerts on up, error rate, latency and saturation",
        actual="no alert rule",
        locations=(service.location,),
        severity=Severity.MEDIUM,
        environment=stack.environment,
        closers=(_BY_HAND,),
    )


def _is_whole(project: Project, service: Service) -> bool:
    """Whether all that the service mounts is there: a folder that is missing may hold the rules elsewhere."""
    return all(mount.kind != "bind" or not mount.resolved or project.exists(mount.resolved) for mount in service.mounts)


RULE = Rule(
    code="ALR005",
    name="no-symptom-alerts",
    layer=Layer.ALERTING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.MONITORING, "files"),),
)
