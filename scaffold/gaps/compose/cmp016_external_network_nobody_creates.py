"""CMP016: a network or volume is expected to exist, and nothing in the repository creates it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once
from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.label_routes import label_route
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_BUILT_IN = frozenset({"bridge", "host", "none", "nat", "ingress", "default"})
"""Networks that the engine brings along."""
_OF_PLATFORMS = frozenset({"cloudbuild", "coolify", "dokploy-network", "captain-overlay-network"})
"""Networks that Cloud Build, Coolify, Dokploy and CapRover make where they run a stack."""


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for network in stack.networks:
        name = network.real_name or network.name
        if (
            network.external
            and name not in _BUILT_IN | _OF_PLATFORMS
            and not _is_of_the_hosts_proxy(stack, network.name)
            and "$" not in name
            and not _is_created(project, "network", name)
            and not _is_defined(project, name)
        ):
            yield _gap(stack, "network", network.name, name, network.location)
    for volume in stack.volumes:
        if volume.external and not _is_created(project, "volume", volume.name):
            yield _gap(stack, "volume", volume.name, volume.name, volume.location)


def _is_of_the_hosts_proxy(stack: Stack, key: str) -> bool:
    """Whether services stand in the network to be found by a proxy that reads their labels, and the stack has none: whoever
    runs that proxy on the host made the network for it.
    """
    if any(service.has_role(Role.PROXY) and label_route(service) is None for service in stack.services):
        return False
    return any(key in service.networks and label_route(service) is not None for service in stack.services)


def _is_created(project: Project, kind: str, name: str) -> bool:
    """Whether a command or a page creates the thing by name, or through a variable."""
    pattern = re.compile(rf"{kind}\s+create\b[^\n]*(?:(?<![\w.-]){re.escape(name)}(?![\w.-])|\$)")
    texts = (*(command.text for command in project.commands), *(page.text for page in project.docs))
    return any(pattern.search(text) for text in texts)


def _is_defined(project: Project, name: str) -> bool:
    """Whether another stack makes a network of this very name (`name:`, or project name and key)."""
    for stack in project.stacks:
        for network in stack.networks:
            if not network.external and name in {network.real_name, f"{stack.name}_{network.name}"}:
                return True
    return False


def _gap(stack: Stack, kind: str, key: str, name: str, place: Location) -> Gap:
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=f"{kind}s/{key}",
        message=f"The {kind} {name} is external and nothing in this repository creates it: Compose will not start the stack.",
        expected=f"a {kind} that the stack defines, or the command that creates it in a script or a page",
        actual="external: true",
        locations=(place,),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP016",
    name="external-network-nobody-creates",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let the stack define it (without `external`), or write `docker network create NAME` into the start page.",
        ),
    ),
)
