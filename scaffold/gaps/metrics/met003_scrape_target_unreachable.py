"""MET003: Prometheus asks a host that no service of its stack answers to, or that no common network joins."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import (
    Mounted,
    answering,
    is_in_stack_name,
    is_mentioned,
    neighbours,
    scrapers_of,
    static_targets,
)
from scaffold.gaps.signals import is_in_use
from scaffold.model.compose import Service, shared_network
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import Project, PrometheusConfig, ScrapeTarget
from scaffold.model.values import closest


def _detect(project: Project) -> Iterator[Gap]:
    for config in project.prometheus:
        if config.path in project.owned:
            continue
        scrapers = scrapers_of(project, config)
        if not scrapers and (project.main_stack is None or is_mentioned(project, config.path)):
            continue
        for (host, _), targets in static_targets(project, config).items():
            if is_in_stack_name(targets[0]) and not _is_reached(project, scrapers, host):
                yield _gap(project, config, scrapers, targets)


def _is_reached(project: Project, scrapers: tuple[Mounted, ...], host: str) -> bool:
    """Whether any scraper reaches the host; beside an overlay that nobody starts, every file of its folder may be started."""
    if not scrapers:
        return any(stack.resolve_host(host) for stack in project.stacks)
    return any(answering(project, scraper, host) or _beside(project, scraper, host) for scraper in scrapers)


def _beside(project: Project, scraper: Mounted, host: str) -> bool:
    if scraper.stack.complete and is_in_use(project, scraper.stack):
        return False
    stacks = [stack for stack in project.stacks if stack.directory == scraper.stack.directory]
    found = [service for stack in stacks for service in stack.services if host in service.names]
    return any(shared_network(scraper.service, service) for service in found)


def _gap(project: Project, config: PrometheusConfig, scrapers: tuple[Mounted, ...], targets: tuple[ScrapeTarget, ...]) -> Gap:
    host, port = targets[0].host, targets[0].port
    address = host if port is None else f"{host}:{port}"
    services = (
        neighbours(project, scrapers[0].stack) if scrapers else (project.main_stack.services if project.main_stack else ())
    )
    named = next((service for service in services if host in service.names), None)
    near = None if named else _nearest(services, host, port)
    hint = f"; the nearest service is {near.name}" if near else ""
    certain = near is not None and _is_certain(services, near, port)
    reached = near is not None and any(answering(project, scraper, near.name) for scraper in scrapers)
    reason = f"is {named.name}, but shares no network with Prometheus" if named else f"is no service of its stack{hint}"
    return RULE.gap(
        resource=config.path,
        subject=f"scrape/{address}",
        message=f"Prometheus scrapes {address}, which {reason}: the target is always down.",
        expected=f"{near.name}:{port}" if near and certain else "a service on a common network",
        actual=address,
        locations=tuple(target.location for target in targets),
        related=tuple(dict.fromkeys(scraper.service.location for scraper in scrapers)),
        environment=scrapers[0].stack.environment if scrapers else EnvironmentClass.BASE,
        closers=None if certain and reached else (_BY_HAND,),
    )


def _nearest(services: tuple[Service, ...], host: str, port: int | None) -> Service | None:
    """Return the service that listens on the port, the team's own first, else the one with the most similar name."""
    listening = sorted((s for s in services if port in s.listens), key=lambda s: (not s.is_application, s.name))
    close = closest(host, tuple(service.name for service in services))
    return next((s for s in (*listening, *services) if s in listening or s.name == close), None)


def _is_certain(services: tuple[Service, ...], near: Service, port: int | None) -> bool:
    """Whether the service alone listens on the port, or alone among those that the team builds, and may speak HTTP there."""
    return not near.is_datastore and [s for s in services if port in s.listens and s.is_application >= near.is_application] == [
        near
    ]


_BY_HAND = Closer(None, "advice", "Name the service as Compose does, and put Prometheus on one of its networks.")

RULE = Rule(
    code="MET003",
    name="scrape-target-unreachable",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"), _BY_HAND),
)
