"""LOG004: Docker keeps every log line of the containers until the disk is full."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks, once
from scaffold.model.compose import Service, Stack
from scaffold.model.document import find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Room, Severity
from scaffold.model.project import Project

_NOT_COUNTED = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK, Role.ADMIN_UI})
_UNBOUNDED_DRIVERS = frozenset({"", "json-file"})
_SHOWN = 3
_ADVICE = (
    "Give the services `logging: {driver: json-file, options: {max-size: 10m, max-file: '3'}}`, or the daemon such a default."
)


def _detect(project: Project) -> Iterator[Gap]:
    if _daemon_rotates(project):
        return iter(())
    return iter(once(_found(project)))


def _found(project: Project) -> Iterator[Gap]:
    """Yield one gap a stack; a service counts with the first that has it, the one that stands for production before others."""
    main = project.main_stack
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    seen: set[tuple[str, str]] = set()
    for stack in sorted(stacks, key=lambda stack: main is None or stack.id != main.id):
        new = [service for service in stack.services if (stack.directory, service.name) not in seen]
        seen |= {(stack.directory, service.name) for service in stack.services}
        yield from _of_stack(stack, new, is_main=main is not None and stack.id == main.id)


def _daemon_rotates(project: Project) -> bool:
    """Whether the project brings the daemon's configuration along, so that the default may be another."""
    return any(path.rpartition("/")[2] in {"daemon.json", "daemon.json.j2"} for path in project.files)


def _of_stack(stack: Stack, judged: list[Service], *, is_main: bool) -> Iterator[Gap]:
    services = [service for service in judged if service.role not in _NOT_COUNTED and _grows(service)]
    if not services:
        return
    names = ", ".join(service.name for service in services[:_SHOWN])
    more = f" and {len(services) - _SHOWN} more" if len(services) > _SHOWN else ""
    yield RULE.gap(
        resource=(stack.extends_stack or stack.id) if is_main else stack.id,
        subject="log-rotation",
        message=f"Docker keeps every log line of {names}{more}: the file grows until the disk of the host is full.",
        expected="max-size and max-file for the json-file driver, or a driver that rotates",
        actual="the json-file driver without a limit",
        locations=tuple(service.location for service in services[:_SHOWN]),
        environment=stack.environment,
        closers=None if is_main else (Closer(None, "advice", _ADVICE),),
    )


def _grows(service: Service) -> bool:
    node = service.node.get("logging")
    return text_of(find(node, "driver")) in _UNBOUNDED_DRIVERS and find(node, "options", "max-size") is None


RULE = Rule(
    code="LOG004",
    name="no-log-rotation",
    layer=Layer.LOGGING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.OVERLAYS, "files"),),
)
