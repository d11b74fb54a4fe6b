"""LOG004: Docker keeps every log line of the containers until the disk is full."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import Share, listed, once, production_shares
from scaffold.model.compose import Service
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
    return iter(once(gap for share in production_shares(project) for gap in _of_share(share)))


def _daemon_rotates(project: Project) -> bool:
    """Whether the project brings the daemon's configuration along, so that the default may be another."""
    return any(path.rpartition("/")[2] in {"daemon.json", "daemon.json.j2"} for path in project.files)


def _of_share(share: Share) -> Iterator[Gap]:
    services = [service for service in share.services if service.role not in _NOT_COUNTED and _grows(service)]
    if not services:
        return
    names = listed(service.name for service in services)
    yield RULE.gap(
        resource=share.resource,
        subject="log-rotation",
        message=f"Docker keeps every log line of {names}: the file grows until the disk of the host is full.",
        expected="max-size and max-file for the json-file driver, or a driver that rotates",
        actual="the json-file driver without a limit",
        locations=tuple(service.location for service in services[:_SHOWN]),
        environment=share.environment,
        closers=None if share.is_main else (Closer(None, "advice", _ADVICE),),
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
