"""CMP010: services of production stay down after a crash or a reboot of the host."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import Share, judged_stacks, listed, once, production_or_all, production_shares
from scaffold.model.compose import Service
from scaffold.model.document import find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import has_to_run_on, lacks_restart
from scaffold.model.names import APPLICATION, DATASTORES, Layer, Role, Room, Severity
from scaffold.model.project import Project
from scaffold.model.swarm import deployed_to_swarm

_CORE = APPLICATION | DATASTORES | {Role.PROXY, Role.CACHE, Role.ML_INFERENCE}
_SHOWN = 10
_ADVICE = "Give each of them `restart: unless-stopped`."


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for share in production_shares(project) for gap in _of_share(project, share)))


def _of_share(project: Project, share: Share) -> Iterator[Gap]:
    # A swarm starts what ended by itself.
    swarm = deployed_to_swarm(project)
    own = (service for service in share.lasting() if service.location.path not in swarm)
    lasting = [service for service in own if not _is_started_by_hand(service)]
    yield from _after_errors_alone(share, [service for service in lasting if _restarts_after_errors_alone(service)])
    services = [service for service in lasting if lacks_restart(service)]
    if not services:
        return
    names = listed(service.name for service in services)
    alike = _same_elsewhere(project, services) if share.is_main else ()
    files = listed(dict.fromkeys(service.location.path for service in alike))
    yield RULE.gap(
        resource=share.resource,
        subject="restart",
        message=f"After a crash or a reboot of the host {names} {'stays' if len(services) == 1 else 'stay'} down: "
        f"no restart policy{f', in {files} neither' if files else ''}.",
        expected="restart: unless-stopped",
        actual="no restart policy",
        locations=tuple(service.location for service in services[:_SHOWN]),
        related=tuple(service.location for service in alike[:_SHOWN]),
        environment=share.environment,
        closers=None if share.is_main else (Closer(None, "advice", _ADVICE),),
    )


def _after_errors_alone(share: Share, services: list[Service]) -> Iterator[Gap]:
    if not services:
        return
    one = len(services) == 1
    yield RULE.gap(
        resource=share.resource,
        subject="restart/on-failure",
        message=f"{listed(service.name for service in services)} {'has' if one else 'have'} restart: on-failure, by which"
        " Docker starts a container again after an exit with an error, and not when it comes up itself: after a reboot of the"
        f" host, or of Docker, {'it stays' if one else 'they stay'} down until somebody starts {'it' if one else 'them'}.",
        expected="restart: unless-stopped",
        actual="restart: on-failure",
        locations=tuple(service.location for service in services[:_SHOWN]),
        environment=share.environment,
        closers=(Closer(None, "advice", _ADVICE),),
    )


def _restarts_after_errors_alone(service: Service) -> bool:
    swarm = find(service.node, "deploy", "restart_policy")
    return has_to_run_on(service) and not swarm and service.restart.partition(":")[0] == "on-failure"


def _same_elsewhere(project: Project, services: list[Service]) -> tuple[Service, ...]:
    """Return the services of the same names in the files that start production in place of the main one."""
    names, places = {service.name for service in services}, {service.location for service in services}
    runnable = (stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    stacks = (stack for stack in production_or_all(runnable) if deployed_to_swarm(project).isdisjoint(stack.files))
    others = (service for stack in stacks for service in stack.services if service.name in names and lacks_restart(service))
    found = {service.location: service for service in others if service.location not in places}
    return tuple(service for place, service in found.items() if _folder(place.path) in {_folder(item.path) for item in places})


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


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
