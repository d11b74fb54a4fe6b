"""Ports of the host that a script or a deployment asks after it has started a stack that does not publish them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.ci.asking_places import AskingPlace, is_printed
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Stack
from scaffold.model.deployments import compose_call, hides_its_file, named_files
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.regex import regex

_UP = regex(compose_call("up"))
_ASKS = regex(
    r"\b(?:curl|wget)\b[^\n|;&]{0,300}?\bhttps?://(?:localhost|127\.0\.0\.1):(?P<port>\d{2,5})(?=[/\s\"'?)]|$)",
    words=("curl", "wget"),
)
_INSIDE = regex(r"\b(?:exec|run|ssh\s+-\w*[LN]|port-forward)\b")
_ANOTHER = regex(
    r"\bdocker\s+run\b|\bkubectl\b|\bpm2\b|\bsystemctl\s+(?:re)?start\b|\bport-forward\b|\bssh\s[^\n]*-L|\b(?:npm|yarn|pnpm|bun)\s+(?:run\s+)?(?:start|dev|preview)\b"
    r"|\buvicorn\b|\bgunicorn\b|\bflask\s+run\b|\brunserver\b|\bnohup\b|\bhttp\.server\b|\brails\s+s"
)
"""What else may listen there."""


@frozen
class UnpublishedPort:
    """A port that is asked, the files of the stack that does not publish it, and the ports that it does publish."""

    port: int
    files: tuple[str, ...]
    published: tuple[int, ...]
    place: Location


def unpublished_ports(project: Project, asking: AskingPlace) -> Iterator[UnpublishedPort]:
    """Yield the ports of the own host that a place asks, where all stacks that it starts are told and publish others alone."""
    if _ANOTHER.search(asking.text):
        return
    calls = [match[0] for line in asking.commands for match in _UP.finditer(line.text)]
    stacks = _started(project, calls)
    published = [known(_published, stack) for stack in stacks]
    # One stack whose ports are not told may publish any.
    numbers = frozenset(port for ports in published for port in ports or ()) if None not in published else frozenset[int]()
    if not numbers:
        return
    for line in asking.commands:
        for match in _ASKS.finditer(line.text):
            port = int(match["port"])
            inside = _INSIDE.search(line.text, 0, match.start()) or is_printed(line.text, match.start())
            if port not in numbers and not inside:
                files = tuple(dict.fromkeys(path for stack in stacks for path in stack.files))
                yield UnpublishedPort(port, files, tuple(sorted(numbers)), line.place)


def _started(project: Project, calls: list[str]) -> tuple[Stack, ...]:
    """Return the stacks that calls of Compose start, all where one names no file; none where one of them is not told."""
    by_name = _by_name(project)
    found: dict[str, Stack] = {}
    unnamed = False
    for call in calls:
        names = named_files(call)
        if hides_its_file(call) or not names <= by_name.keys():
            return ()
        unnamed = unnamed or not names
        found |= {stack.id: stack for name in sorted(names) for stack in by_name[name]}
    return project.stacks if unnamed else tuple(found.values())


@remembered
def _by_name(project: Project) -> dict[str, list[Stack]]:
    """Return the stacks by the names of their files, without their folders."""
    found: dict[str, list[Stack]] = {}
    for stack in project.stacks:
        for path in stack.files:
            found.setdefault(posixpath.basename(path), []).append(stack)
    return found


def _published(stack: Stack) -> frozenset[int] | None:
    """Return the ports that a stack publishes; None where one is not told, or a service is on the network of the host."""
    ports = [port for service in stack.services for port in service.ports]
    hidden = any(port.published is None or port.range for port in ports)
    if hidden or any(service.network_mode.startswith("host") for service in stack.services):
        return None
    return frozenset(port.published for port in ports if port.published is not None)
