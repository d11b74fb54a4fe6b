"""Signs that an app can run in several copies: an orchestrator, replicas, an autoscaler."""

from __future__ import annotations

from scaffold.gaps.facts import has_resource
from scaffold.gaps.scaling.copies import only_port
from scaffold.model.document import Location, find, text_of
from scaffold.model.project import Project

_ORCHESTRATORS = (
    r"aws_ecs_service|aws_eks_cluster|aws_autoscaling_group|google_cloud_run"
    r"|google_container_cluster|azurerm_kubernetes|^Deployment$"
)
_AUTOSCALERS = r"HorizontalPodAutoscaler|ScaledObject|aws_appautoscaling_target|aws_autoscaling_group|google_compute_autoscaler"


def autoscaler(project: Project) -> Location | None:
    """Return where an autoscaler is declared, or None."""
    return has_resource(project, _AUTOSCALERS)


def scaling_signals(project: Project) -> tuple[Location, ...]:
    """Return the places that run a service in several copies or under an orchestrator."""
    found = [place for place in (has_resource(project, _ORCHESTRATORS), autoscaler(project)) if place]
    found += [file.location for file in project.infrastructure if file.kind in {"helm", "kustomize", "kubernetes", "paas"}]
    return tuple(dict.fromkeys((*found, *replicas(project))))


def replicas(project: Project) -> tuple[Location, ...]:
    """Return where a service of Compose asks for more than one copy, and each of them can start."""
    found = []
    for stack in project.stacks:
        for service in stack.services:
            node = find(service.node, "deploy", "replicas") or find(service.node, "scale")
            count = text_of(node)
            if node is not None and count.isdigit() and int(count) > 1 and only_port(project, stack, service) is None:
                found.append(node.location)
    return tuple(dict.fromkeys(found))
