"""NET001: a published port of a store is bound to the host itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import scalars_in
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
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
    return frozenset(port.published for service in stack.services if service.name == name for port in service.ports)


def _goes_over(stack: Stack, ports: frozenset[int | None]) -> bool:
    """Whether a container may reach one of the ports over the host: it names the host with one of them, or with none."""
    found = [match for item in stack.services for scalar in scalars_in(item.node) for match in _ADDRESS.finditer(scalar.raw)]
    used = [match for match in found if not match["name"]]
    return bool(found) and (not used or None in ports or any(_port(match) in {None, *ports} for match in used))


def _port(match: re.Match[str]) -> int | None:
    """Return the port of an address, None where the text leaves it open."""
    return int(match["port"]) if match["port"] else 80 if match["web"] and not match["open"] else None


KIND = EditKind(frozenset({"NET001"}), _plan)
