"""The card of the layer network."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import active_profiles, has_resource, judged_stacks, profile_uses
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState, Role
from scaffold.model.project import Project

_EDGE_RESOURCES = (
    r"^(?:Ingress|IngressRoute|Gateway|HTTPRoute)$|^aws_a?lb$"
    r"|google_compute_(?:url_map|forwarding_rule)|azurerm_application_gateway"
)


def card(project: Project) -> LayerCard:
    """Return present with a proxy or an ingress, inert when the proxy's configuration is missing or nothing starts it."""
    proxies = [service for stack in judged_stacks(project) for service in stack.services if service.has_role(Role.PROXY)]
    resource = has_resource(project, _EDGE_RESOURCES)
    evidence = tuple(dict.fromkeys((*((resource,) if resource else ()), *(service.location for service in proxies))))
    if resource or any(_works(project, service) for service in proxies):
        state = LayerState.PRESENT
    else:
        state = LayerState.INERT if proxies else LayerState.ABSENT
    return LayerCard(Layer.NETWORK, state, evidence[:5], tuple(_good(project)))


def _works(project: Project, service: Service) -> bool:
    used = {*profile_uses(project), *active_profiles(project)}
    started = not service.profiles or "*" in used or bool(used & set(service.profiles))
    missing = any(mount.kind == "bind" and mount.resolved and not project.exists(mount.resolved) for mount in service.mounts)
    return started and not missing


def _good(project: Project) -> Iterator[Praise]:
    seen: set[Location] = set()
    for stack in judged_stacks(project)[:1]:
        for service in stack.services:
            if not service.is_datastore or service.network_mode.startswith("host"):
                continue
            if not service.ports:
                yield Praise(f"{service.name} publishes no port", service.location)
            for port in service.ports:
                if port.is_loopback and port.location not in seen:
                    seen.add(port.location)
                    yield Praise(f"{service.name} is published for the host alone", port.location)
