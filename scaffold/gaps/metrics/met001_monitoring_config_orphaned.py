"""MET001: a monitoring configuration that no container, chart or image takes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import is_mentioned, mounts_of
from scaffold.gaps.signals import tool_services
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.metrics import could_exist, metrics_in
from scaffold.model.names import Cause, Layer, Role, Room, Severity
from scaffold.model.project import Project

_FAMILIES = {
    **dict.fromkeys(("grafana-datasource", "grafana-dashboard-provider", "grafana-dashboard"), "grafana"),
    **dict.fromkeys(("loki", "promtail", "alloy", "fluent", "vector", "logstash"), "logging"),
    **dict.fromkeys(("otel-collector", "tempo", "blackbox"), ""),
}
_EXPORTERS = {Role.POSTGRES: "postgres-exporter", Role.REDIS: "redis-exporter"}
_ALWAYS = {"blackbox-exporter", "node-exporter", "cadvisor"}
"""What of the overlay gives metrics, with these stores and with any."""


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[tuple[str, str], list[Location]] = {}
    for path, family, location in _configs(project):
        if path not in project.owned and not mounts_of(project, path) and not is_mentioned(project, path):
            found.setdefault((path.partition("/")[0], family), []).append(location)
    main = project.main_stack
    theirs = tool_services(project, (main,) if main else (), frozenset({"prometheus"}))
    for (folder, family), places in sorted(found.items(), key=lambda item: item[0]):
        yield _gap(folder, family, tuple(places), mounted_by_us=family == "rules" and not theirs and _are_fed(project, places))


def _are_fed(project: Project, places: list[Location]) -> bool:
    """Whether the programs of our overlay give every metric that the rules ask for: others stay out of it."""
    stack = project.main_stack
    names = {_EXPORTERS[role] for role in _EXPORTERS if stack and any(service.role is role for service in stack.services)}
    paths = {place.path for place in places}
    asked = (alert.expression for file in project.alert_rules if file.path in paths for alert in file.alerts)
    return all(could_exist(metric, names | _ALWAYS) for expression in asked for metric in metrics_in(expression))


def _configs(project: Project) -> Iterator[tuple[str, str, Location]]:
    yield from ((config.path, "prometheus", config.location) for config in project.prometheus)
    yield from ((rules.path, "rules", Location(rules.path, 1)) for rules in project.alert_rules)
    yield from ((config.path, "alertmanager", config.location) for config in project.alertmanagers)
    for file in project.monitoring_files:
        if _FAMILIES.get(file.kind):
            yield file.path, _FAMILIES[file.kind], file.location


def _gap(folder: str, family: str, places: tuple[Location, ...], *, mounted_by_us: bool) -> Gap:
    """Return the gap of one folder and program; our overlay mounts rules where the stack has no Prometheus of its own."""
    names = ", ".join(dict.fromkeys(place.path for place in places))
    advice = Closer(None, "advice", f"Mount {names} in the service that reads it, in a stack that is in use, or delete it.")
    return RULE.gap(
        resource=folder,
        subject=f"orphaned/{family}",
        called=family,
        message=f"No stack, chart or image takes {names} ({family}), so what it says has no effect.",
        expected="a mount in a stack that is in use",
        actual="mounted by nothing",
        locations=places,
        closers=RULE.closers if mounted_by_us else (advice,),
    )


RULE = Rule(
    code="MET001",
    name="monitoring-config-orphaned",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.MONITORING, "files"),),
    cause=Cause.PROJECT,
)
