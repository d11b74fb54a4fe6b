"""ALR005: there are alert rules, and none of them sees what a user would: errors, latency, or a service that is down."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SYMPTOM = regex(
    r"\bup\b|absent|_up\b|probe_|error|fail|5\.\.|\b5xx\b|50\d|status|latency|duration|_bucket|quantile|_seconds|available|cpu|memory"
    r"|filesystem|disk|restart|health|burnrate|slo|apdex|connections|lag|queue_length|saturation",
    re.IGNORECASE,
)


def _detect(project: Project) -> Iterator[Gap]:
    files = [file for file in project.alert_rules if file.alerts]
    alerts = [alert for file in files for alert in file.alerts]
    if not alerts or any(_SYMPTOM.search(alert.expression) or _SYMPTOM.search(alert.name) for alert in alerts):
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


RULE = Rule(
    code="ALR005",
    name="no-symptom-alerts",
    layer=Layer.ALERTING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.MONITORING, "files"),),
)
