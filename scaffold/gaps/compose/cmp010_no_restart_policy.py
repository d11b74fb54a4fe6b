"""CMP010: services of production stay down after a crash or a reboot of the host."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import Share, listed, once, production_shares
from scaffold.model.compose import Service
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import lacks_restart
from scaffold.model.names import APPLICATION, DATASTORES, Layer, Role, Room, Severity
from scaffold.model.project import Project

_CORE = APPLICATION | DATASTORES | {Role.PROXY, Role.CACHE, Role.ML_INFERENCE}
_SHOWN = 10
_ADVICE = "Give each of them `restart: unless-stopped`."


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for share in production_shares(project) for gap in _of_share(share)))


def _of_share(share: Share) -> Iterator[Gap]:
    services = [service for service in share.lasting() if lacks_restart(service) and not _is_started_by_hand(service)]
    if not services:
        return
    names = listed(service.name for service in services)
    yield RULE.gap(
        resource=share.resource,
        subject="restart",
        message=f"After a crash or a reboot of the host {names} {'stays' if len(services) == 1 else 'stay'} down: "
        "no restart policy.",
        expected="restart: unless-stopped",
        actual="no restart policy",
        locations=tuple(service.location for service in services[:_SHOWN]),
        environment=share.environment,
        closers=None if share.is_main else (Closer(None, "advice", _ADVICE),),
    )


def _is_started_by_hand(service: Service) -> bool:
    """Whether it is a tool behind a profile, which somebody starts when it is needed."""
    return bool(service.profiles) and service.role not in _CORE


RULE = Rule(
    code="CMP010",
    name="no-restart-policy",
    layer=Layer.COMPOSE,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.OVERLAYS, "files"),),
)
