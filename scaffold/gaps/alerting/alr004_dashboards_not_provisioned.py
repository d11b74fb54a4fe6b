"""ALR004: dashboards lie in the repository, and Grafana will not show them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import Mounted, is_mentioned, mounts_of
from scaffold.gaps.signals import image_name
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import MonitoringFile, Project

_PROVISIONING = "/etc/grafana/provisioning/dashboards"


def _detect(project: Project) -> Iterator[Gap]:
    unprovided: list[tuple[MonitoringFile, Mounted]] = []
    for file in project.monitoring_files:
        if file.kind != "grafana-dashboard" or file.path in project.owned or is_mentioned(project, file.path):
            continue
        mounted = [m for m in mounts_of(project, file.path) if image_name(project, m.service).startswith("grafana")]
        if file.detail == "wrapped":
            yield _wrapped(file)
        if mounted and not any(_has_provider(project, item) for item in mounted):
            unprovided.append((file, mounted[0]))
    if unprovided:
        yield _unprovided(unprovided)


def _has_provider(project: Project, mounted: Mounted) -> bool:
    """Whether the Grafana service also gets a provider file, by a mount or in its own image."""
    if mounted.service.build or mounted.service.location.path in project.owned:
        return True
    providers = [file.path for file in project.monitoring_files if file.kind == "grafana-dashboard-provider"]
    return any(
        other.service.name == mounted.service.name and other.stack.id == mounted.stack.id
        for path in providers
        for other in mounts_of(project, path)
    )


def _wrapped(file: MonitoringFile) -> Gap:
    return RULE.gap(
        resource=file.path,
        subject="wrapped",
        message=f"{file.path} wraps its dashboard as the HTTP API does, which Grafana refuses in a file.",
        expected="title and panels at the top of the file",
        actual="both below the key dashboard",
        locations=(file.location,),
    )


def _unprovided(found: list[tuple[MonitoringFile, Mounted]]) -> Gap:
    mounted = found[0][1]
    return RULE.gap(
        resource=mounted.stack.resource(mounted.service.name),
        subject="dashboards",
        message=f"{mounted.service.name} mounts dashboards but no provider file in {_PROVISIONING}, so it shows none of them.",
        expected="a dashboard provider (apiVersion 1, providers) that names the folder",
        actual="dashboards without a provider",
        locations=(mounted.location,),
        related=tuple(Location(file.path, 1) for file, _ in found),
        environment=mounted.stack.environment,
    )


RULE = Rule(
    code="ALR004",
    name="dashboards-not-provisioned",
    layer=Layer.ALERTING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Mount a provider file below /etc/grafana/provisioning/dashboards and store the dashboard without its wrapper.",
        ),
    ),
)
