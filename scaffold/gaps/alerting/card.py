"""The card of the layer ALERTING: alert rules, receivers and dashboards, and whether anything loads them."""

from __future__ import annotations

from scaffold.gaps.alerting.alarms import alarms_declared
from scaffold.gaps.monitoring_signals import mounts_of
from scaffold.gaps.signals import is_in_use, stacks_in_use, tool_services
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project

_TOOLS = frozenset({"alertmanager", "grafana", "grafana-oss", "grafana-enterprise", "otel-lgtm"})


def card(project: Project) -> LayerCard:
    """Return present where alerts are loaded by a stack in use, partial for dashboards alone, inert where only files exist."""
    alerts, dashboards = _alerts(project), _dashboards(project)
    files = (*alerts, *dashboards)
    loaded = [place for place in alerts if _is_loaded(project, place)]
    used = tool_services(project, stacks_in_use(project), _TOOLS)
    missing = [
        mount
        for _, service in used
        for mount in service.mounts
        if mount.kind == "bind" and mount.resolved and not project.exists(mount.resolved)
    ]
    if loaded or alarms_declared(project):
        state = LayerState.PRESENT
    elif any(_is_loaded(project, place) for place in dashboards):
        state = LayerState.PARTIAL
    elif files or missing:
        state = LayerState.INERT
    else:
        state = LayerState.PARTIAL if used else LayerState.ABSENT
    runbooks = [alert for rules in project.alert_rules for alert in rules.alerts if alert.has_runbook]
    good = (Praise("Alerts name their runbook.", runbooks[0].location),) if runbooks and loaded else ()
    return LayerCard(Layer.ALERTING, state, (*files, *(service.location for _, service in used)), good)


def _is_loaded(project: Project, place: Location) -> bool:
    return any(mount.stack.complete and is_in_use(project, mount.stack) for mount in mounts_of(project, place.path))


def _alerts(project: Project) -> tuple[Location, ...]:
    rules = (Location(file.path, 1) for file in project.alert_rules if file.alerts)
    return (*rules, *(config.location for config in project.alertmanagers))


def _dashboards(project: Project) -> tuple[Location, ...]:
    return tuple(file.location for file in project.monitoring_files if file.kind == "grafana-dashboard")
