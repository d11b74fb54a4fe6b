"""What an alert is: its expression, its words for people, and the series that must fire it and that must not."""

from __future__ import annotations

import re

from scaffold.model.frozen import frozen

Series = tuple[tuple[str, str], ...]
"""Series and their values a minute, in promtool's notation."""
_UNITS = {"humanizePercentage": "N %", "humanizeDuration": "N seconds"}


@frozen
class Alert:
    """One alerting rule with its place in the runbook and its test."""

    name: str
    expression: str
    minutes: int
    """How long the expression must hold before the alert fires."""
    severity: str
    summary: str
    description: str
    check: str
    """What to look at first."""
    act: str
    """The first safe step."""
    firing: Series
    quiet: Series
    at: int = 60
    """The minute at which the test looks."""
    service: str = ""
    """The service, where the expression keeps no label that names it."""
    job: str = ""
    """The job, where one alert is written for each."""
    resource: str = ""
    """What runs out or stops, where a critical alert makes a warning about the same thing needless."""

    @property
    def meaning(self) -> str:
        """What it says, with general words where Prometheus puts the labels and the value."""
        text = re.sub(
            r"\{\{ \$value \| (\w+)[^}]*\}\}", lambda match: _UNITS.get(match[1], "N"), f"{self.summary}. {self.description}"
        )
        return re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda match: f"<{match[1]}>", text)


@frozen
class AlertGroup:
    """The rules of one file."""

    name: str
    alerts: tuple[Alert, ...]
