"""ALR006: an alert wakes somebody and does not say what to do."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_SHOWN = 3


def _detect(project: Project) -> Iterator[Gap]:
    for file in project.alert_rules:
        bare = [alert for alert in file.alerts if not alert.has_runbook and alert.severity not in {"none", "info"}]
        if not bare or file.path in project.owned:
            continue
        names = ", ".join(alert.name for alert in bare[:_SHOWN])
        more = f" and {len(bare) - _SHOWN} more" if len(bare) > _SHOWN else ""
        yield RULE.gap(
            resource=file.path,
            subject="runbooks",
            message=f"{names}{more} fire without a link to what they mean and what to do.",
            expected="runbook_url in the annotations",
            actual="no runbook",
            locations=tuple(alert.location for alert in bare[:_SHOWN]),
        )


RULE = Rule(
    code="ALR006",
    name="alerts-without-runbook",
    layer=Layer.ALERTING,
    severity=Severity.INFO,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Add `runbook_url` to the annotations, and a page with meaning, impact, check and first step."),
    ),
)
