"""MET000: nothing that runs collects metrics."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.alerting.alarms import alarms_declared
from scaffold.gaps.facts import is_test_path, listed
from scaffold.gaps.monitoring_signals import has_metrics
from scaffold.gaps.signals import METRICS_TOOLS, anchor, application_services, main_environment, tool_services, variable_names
from scaffold.gaps.tracing.signals import tracing_libraries
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TELLS = regex(
    r"SENTRY|SLACK|DISCORD|TELEGRAM|TEAMS_|PAGERDUTY|OPSGENIE|WEBHOOK|ALERT|UPTIME|HEALTHCHECKS?_|NTFY|PUSHOVER|GOTIFY|SMTP|MAIL|BOT_TOKEN"
)
"""Parts of variable names by which an application may tell somebody."""
_ALERT_LINE = regex(
    r"(?:console\.(?:error|warn|log|info)|log(?:ger|ging)?\.\w+|\bprint|fmt\.Print\w*|\becho)\b[^\n]{0,12}[\"'`][^\n\"'`]{0,80}?"
    r"(?<![A-Za-z_])(?P<word>[A-Z_]*(?:ALERT|ALARM))\b"
)
"""A line of a log that the code calls an alert."""
_NOT_CODE = (".md", ".mdx", ".rst", ".txt")
_UNIT = regex(r"[\w@.-]+\.service(?:\.(?:j2|tpl|tmpl|template|example|in))?")


def _detect(project: Project) -> Iterator[Gap]:
    place = anchor(project)
    if place is None or not application_services(project) or has_metrics(project):
        return
    idle = tool_services(project, project.stacks, METRICS_TOOLS)
    files = ", ".join(dict.fromkeys(service.location.path for _, service in idle))
    yield RULE.gap(
        resource="metrics",
        subject="metrics-stack",
        message=(
            f"No stack in use collects metrics: {files} would, but no command, COMPOSE_FILE or default file starts it."
            if idle
            else f"Nothing that this repository declares {_what(project)}: a slow or failing service is noticed by its users."
            f"{_units(project)}{_alerts_in_logs(project)}"
        ),
        expected="Prometheus or another collector in a stack that is in use",
        actual="configured but in no stack in use" if idle else "none",
        locations=(place,),
        related=tuple(service.location for _, service in idle),
        environment=main_environment(project),
    )


def _what(project: Project) -> str:
    """Return what nothing does: also that nobody is told, where neither a tool, a rule nor a variable speaks of it."""
    declared = project.alert_rules or project.alertmanagers or alarms_declared(project) or tracing_libraries(project)
    told = declared or any(_TELLS.search(name) for name in variable_names(project))
    return "collects metrics" if told else "collects metrics or tells anybody that something is wrong"


def _units(project: Project) -> str:
    """Return in words which units of systemd the repository brings: they run outside of the stacks."""
    names = (path.rpartition("/")[2] for path in project.files if ".service" in path and not is_test_path(path))
    units = [name for name in names if _UNIT.fullmatch(name)]
    return f" That goes for what systemd runs as well ({listed(units)})." if units else ""


def _alerts_in_logs(project: Project) -> str:
    """Return in words which line of the code is called an alert, and goes to a log that nothing looks through."""
    for item in project.sources:
        if ("ALERT" in item.text or "ALARM" in item.text) and not item.path.endswith(_NOT_CODE) and not is_test_path(item.path):
            match = _ALERT_LINE.search(item.text)
            if match:
                place = Location.at_offset(item.path, item.text, match.start())
                return f" What {place.path}:{place.line} calls {match['word']} is a line of a log that nothing looks through."
    return ""


RULE = Rule(
    code="MET000",
    name="no-metrics-stack",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.MONITORING, "files"),),
)
