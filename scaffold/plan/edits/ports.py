"""NET001: a published port of a store is bound to the host itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import scalars_in
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.plan.edits.kind import EditKind, by_document

_OVER_THE_HOST = "host.docker.internal"
_ADDRESS = regex(
    r"(?P<web>https?://)?host\.docker\.internal(?::(?P<port>\d{1,5})(?!\d)|(?P<name>[:=]host-gateway)|(?P<open>:))?",
    words=("host.docker.internal",),
)
"""The host as a container calls it, with the port behind it, or with where Compose finds that name."""


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, gaps):
        stack_id = resource.rpartition("/")[0]
        stacks = [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]
        # A container that goes over the host's gateway does not reach a port of the loopback interface.
        over = any(_goes_over(stack, _ports(stack, resource.rpartition("/")[2])) for stack in stacks)
        blocked = f"containers go over {_OVER_THE_HOST}, which does not reach a port of 127.0.0.1" if over else ""
        for gap in group:
            yield EditTask("loopback-port", (gap,), (document,), blocked=blocked)


def _ports(stack: Stack, name: str) -> frozenset[int | None]:
    return known(_ports_by_service, stack).get(name, frozenset())


def _ports_by_service(stack: Stack) -> dict[str, frozenset[int | None]]:
    return {service.name: frozenset(port.published for port in service.ports) for service in stack.services}


def _goes_over(stack: Stack, ports: frozenset[int | None]) -> bool:
    """Whether a container may reach one of the ports over the host: it names the host with one of them, or with none."""
    named = known(_ports_over_the_host, stack)
    return named is not None and (not named or None in ports or not named.isdisjoint({None, *ports}))


def _ports_over_the_host(stack: Stack) -> frozenset[int | None] | None:
    """Return the ports with which containers of a stack name the host, None where no text names it."""
    found = [match for item in stack.services for scalar in scalars_in(item.node) for match in _ADDRESS.finditer(scalar.raw)]
    return frozenset(_port(match) for match in found if not match["name"]) if found else None


def _port(match: re.Match[str]) -> int | None:
    """Return the port of an address, None where the text leaves it open."""
    return int(match["port"]) if match["port"] else 80 if match["web"] and not match["open"] else None


KIND = EditKind(frozenset({"NET001"}), _plan)
