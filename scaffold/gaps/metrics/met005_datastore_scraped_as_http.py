"""MET005: Prometheus asks a database for metrics over HTTP, or an exporter runs that nobody asks."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import Mounted, neighbours, scrapers_of, static_targets
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Room, Severity
from scaffold.model.project import Project, PrometheusConfig, ScrapeTarget
from scaffold.model.regex import regex

_STORES = {
    5432: "postgres",
    3306: "mysql",
    6379: "redis",
    27017: "mongodb",
    11211: "memcached",
    5672: "rabbitmq",
    9042: "cassandra",
    1433: "mssql",
}
"""Ports that speak the protocol of a store and never HTTP (IANA service names and port numbers)."""
_EXPORTER_PORTS = {
    "postgres": 9187,
    "redis": 9121,
    "mysql": 9104,
    "mongodb": 9216,
    "memcached": 9150,
    "rabbitmq": 9419,
    "elasticsearch": 9114,
    "nginx": 9113,
}
"""Default ports of exporters (Prometheus wiki: Default port allocations)."""
_EXPORTER = regex(r"(?:^|[-_/])exporter\b|_exporter")


def _detect(project: Project) -> Iterator[Gap]:
    for config in project.prometheus:
        if config.path in project.owned:
            continue
        scrapers = scrapers_of(project, config)
        raw = {port: group for (_, port), group in static_targets(project, config).items() if _is_raw(group)}
        for port, targets in raw.items():
            yield _raw_gap(project, config, scrapers, port or 0, targets)
        covered = {_STORES[port] for port in raw if port in _STORES}
        if not config.dynamic_jobs:
            yield from (_idle_gap(scraper, service, config) for scraper, service in _idle(project, config, scrapers, covered))


def _is_raw(targets: tuple[ScrapeTarget, ...]) -> bool:
    """Whether the target is a store's own port, asked for plain metrics; exporters take stores on other paths."""
    target = targets[0]
    return target.port in _STORES and target.metrics_path == "/metrics" and not _EXPORTER.search(target.host)


def _idle(
    project: Project, config: PrometheusConfig, scrapers: tuple[Mounted, ...], covered: set[str]
) -> Iterator[tuple[Mounted, Service]]:
    """Yield the exporters beside Prometheus that no job asks and that no raw target explains."""
    text = project.source(config.path) or ""
    for scraper in scrapers[:1]:
        for service in scraper.stack.services:
            if (
                _is_exporter(service)
                and service.location.path not in project.owned
                and not any(name in text for name in service.names)
                and not any(store in service.name for store in covered)
            ):
                yield scraper, service


def _is_exporter(service: Service) -> bool:
    return service.image is not None and bool(_EXPORTER.search(service.image.repository))


def _raw_gap(
    project: Project, config: PrometheusConfig, scrapers: tuple[Mounted, ...], port: int, targets: tuple[ScrapeTarget, ...]
) -> Gap:
    address = f"{targets[0].host}:{port}"
    services = neighbours(project, scrapers[0].stack) if scrapers else ()
    exporter = next(
        (s for s in services if s.image and _EXPORTER.search(s.image.repository) and _STORES[port] in s.image.repository), None
    )
    unused = f" although {exporter.name} runs and is not asked" if exporter else ""
    return RULE.gap(
        resource=config.path,
        subject=f"store/{address}",
        message=f"Prometheus scrapes {address} as HTTP, which {_STORES[port]} does not speak: it is always down{unused}.",
        expected=f"{exporter.name}:{_exporter_port(exporter)}" if exporter else f"the port of a {_STORES[port]} exporter",
        actual=address,
        locations=tuple(target.location for target in targets),
        related=_places(exporter),
        environment=scrapers[0].stack.environment if scrapers else EnvironmentClass.BASE,
    )


def _exporter_port(service: Service) -> int:
    """Return the port on which an exporter of a store listens: the one that it says, else that of its makers."""
    known = next((port for word, port in _EXPORTER_PORTS.items() if service.image and word in service.image.repository), 0)
    return known if known in service.listens or not service.listens else service.listens[0]


def _places(service: Service | None) -> tuple[Location, ...]:
    return (service.location,) if service else ()


def _idle_gap(scraper: Mounted, service: Service, config: PrometheusConfig) -> Gap:
    return RULE.gap(
        resource=scraper.stack.resource(service.name),
        subject="exporter",
        message=f"{service.name} runs, but no job of {config.path} asks it, so its metrics are lost.",
        expected=f"a scrape job for {service.name}:{port}"
        if (port := _exporter_port(service))
        else "a scrape job for the exporter",
        actual="no job",
        locations=(service.location,),
        related=(config.location,),
        environment=scraper.stack.environment,
    )


RULE = Rule(
    code="MET005",
    name="datastore-scraped-as-http",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(Room.EDITS, "edit"),
        Closer(
            None, "advice", "Scrape the exporter of the store (postgres 9187, redis 9121, mysql 9104) instead of the store."
        ),
    ),
)
