"""SCL002: nothing keeps one service from taking all the memory of the host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scaffold.gaps.facts import Share, listed, once, production_shares
from scaffold.model.ceilings import has_memory_limit
from scaffold.model.compose import Service
from scaffold.model.durability import runs_a_script
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import answers, has_ceiling
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project

_SHOWN = 3
_MEASURE = Closer(
    None,
    "advice",
    "See with `docker stats` what each needs under load, and set `deploy.resources.limits.memory` above it.",
)


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for share in production_shares(project) for gap in _of_share(project, share)))


def _of_share(project: Project, share: Share) -> Iterator[Gap]:
    unlimited = [service for service in share.lasting() if _has_to_run(service) and not has_memory_limit(service)]
    ready = [service for service in unlimited if share.is_main and has_ceiling(project, service)]
    places = {service.location for service in ready}
    others = [service for service in unlimited if service.location not in places]
    if ready:
        yield _gap(share, "memory-limits", ready, None)
    if others:
        yield _gap(share, "memory-limits/measured", others, (_MEASURE,))


def _has_to_run(service: Service) -> bool:
    """Whether it is known that the service runs on, and that it is more than a script in a store's image."""
    if service.is_application:
        return True
    return (service.role is not None or answers(service)) and not runs_a_script(service)


def _gap(share: Share, subject: str, services: Sequence[Service], closers: tuple[Closer, ...] | None) -> Gap:
    names = listed(service.name for service in services)
    return RULE.gap(
        resource=share.resource,
        subject=subject,
        message=f"{names} may take all the memory of the host: the kernel then stops whatever it likes, the database included.",
        expected="a memory limit (deploy.resources.limits.memory or mem_limit)",
        actual="no limit",
        locations=tuple(service.location for service in services[:_SHOWN]),
        environment=share.environment,
        closers=closers,
    )


RULE = Rule(
    code="SCL002",
    name="no-memory-limits",
    layer=Layer.SCALING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.OVERLAYS, "files"),),
)
