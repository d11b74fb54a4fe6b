"""LOG000: the logs of the services stay on the host that wrote them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.logging.aggregation import has_aggregation
from scaffold.gaps.signals import LOGGING_TOOLS, anchor, application_services, main_environment, tool_services
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    place = anchor(project)
    applications = application_services(project)
    if place is None or not applications or has_aggregation(project):
        return
    idle = tool_services(project, project.stacks, LOGGING_TOOLS)
    files = ", ".join(dict.fromkeys(service.location.path for _, service in idle))
    services = len(project.main_stack.services) if project.main_stack else len(applications)
    yield RULE.gap(
        resource="logging",
        subject="log-aggregation",
        message=(
            f"No stack in use gathers logs: {files} would, but no command, COMPOSE_FILE or default file starts it."
            if idle
            else "Nothing that this repository declares gathers the logs: they go when their container or host goes."
        ),
        expected="a collector and a store for logs in a stack that is in use, or a log driver of the platform",
        actual="configured but in no stack in use" if idle else "Docker's files on one host",
        locations=(place,),
        related=tuple(service.location for _, service in idle),
        severity=Severity.MEDIUM if services > 1 else Severity.LOW,
        environment=main_environment(project),
    )


RULE = Rule(
    code="LOG000",
    name="no-log-aggregation",
    layer=Layer.LOGGING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.MONITORING, "files"),),
)
