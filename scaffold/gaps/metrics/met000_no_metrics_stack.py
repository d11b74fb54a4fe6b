"""MET000: nothing that runs collects metrics."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import has_metrics
from scaffold.gaps.signals import METRICS_TOOLS, anchor, application_services, main_environment, tool_services
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


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
            else "Nothing that this repository declares collects metrics: a slow or failing service is noticed by its users."
        ),
        expected="Prometheus or another collector in a stack that is in use",
        actual="configured but in no stack in use" if idle else "none",
        locations=(place,),
        related=tuple(service.location for _, service in idle),
        environment=main_environment(project),
    )


RULE = Rule(
    code="MET000",
    name="no-metrics-stack",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.MONITORING, "files"),),
)
