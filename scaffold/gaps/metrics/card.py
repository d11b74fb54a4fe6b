"""The card of the layer METRICS: what collects metrics, and whether it is wired."""

from __future__ import annotations

from scaffold.gaps.monitoring_signals import has_metrics, scrapers_of
from scaffold.gaps.signals import METRICS_TOOLS, stacks_in_use, tool_services
from scaffold.model.compose import Service, Stack
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return inert where a collector or its configuration exists and cannot run or is in no stack in use."""
    used = tool_services(project, stacks_in_use(project), METRICS_TOOLS)
    idle = tool_services(project, project.stacks, METRICS_TOOLS)
    places = tuple(service.location for _, service in used or idle)
    configs = tuple(config.location for config in project.prometheus)
    if any(_can_start(project, service) for _, service in used) or (not used and has_metrics(project)):
        state = LayerState.PRESENT
    else:
        state = LayerState.INERT if idle or configs else LayerState.ABSENT
    good = _good(project, used) if state is LayerState.PRESENT else ()
    return LayerCard(Layer.METRICS, state, (*places, *configs), good)


def _can_start(project: Project, service: Service) -> bool:
    """Whether every file that the service mounts from the repository is there."""
    return all(
        project.exists(mount.resolved)
        for mount in service.mounts
        if mount.kind == "bind" and mount.resolved and "$" not in mount.source
    )


def _good(project: Project, used: tuple[tuple[Stack, Service], ...]) -> tuple[Praise, ...]:
    names = {service.name for _, service in used}
    wired = [
        config for config in project.prometheus if any(item.service.name in names for item in scrapers_of(project, config))
    ]
    return tuple(Praise("Prometheus is mounted with its configuration.", config.location) for config in wired[:1])
