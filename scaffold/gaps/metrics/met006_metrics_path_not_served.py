"""MET006: Prometheus asks the application for a path that it does not serve."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import Mounted, answering, neighbours, scrapers_of, static_targets
from scaffold.gaps.served_paths import serves, service_routes
from scaffold.model.compose import Service
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Role, Severity
from scaffold.model.project import CodeFact, Project, PrometheusConfig, ScrapeTarget
from scaffold.model.starting import is_below

_FEWEST = 2
"""Routes that have to be known before one counts as missing: fewer say that the framework is not understood."""
_OF_SPRING = "/actuator/"
"""What Spring Boot serves by itself, so that no route of the code tells of it."""
_PRODUCERS = frozenset({"metrics-exporter", "metrics-library"})


@frozen
class _Found:
    config: PrometheusConfig
    scraper: Mounted
    service: Service
    target: ScrapeTarget
    named: bool
    """Whether the service answers to the host, and is not only the one that listens on the port."""


def _detect(project: Project) -> Iterator[Gap]:
    for config in project.prometheus:
        scrapers = () if config.path in project.owned else scrapers_of(project, config)
        if scrapers:
            yield from _of_config(project, config, scrapers[0])


def _of_config(project: Project, config: PrometheusConfig, scraper: Mounted) -> Iterator[Gap]:
    for (host, port), targets in static_targets(project, config).items():
        named = answering(project, scraper, host)
        service = named or _listening(project, scraper, port)
        facts = service_routes(project, service) if service else ()
        for target in targets:
            served = (
                len(facts) < _FEWEST
                or target.metrics_path.startswith(_OF_SPRING)
                or any(serves(fact, target.metrics_path) for fact in facts)
            )
            if service and not served and not _is_told_elsewhere(project, service, target):
                yield _gap(_Found(config, scraper, service, target, named is not None), facts)


def _listening(project: Project, scraper: Mounted, port: int | None) -> Service | None:
    """Return the only web service on the port, for a host that no service answers to."""
    found = [service for service in neighbours(project, scraper.stack) if service.role is Role.WEB and port in service.listens]
    return found[0] if len(found) == 1 else None


def _is_told_elsewhere(project: Project, service: Service, target: ScrapeTarget) -> bool:
    """Whether MET004 says it: the usual path, and code that could give metrics out."""
    context = service.made.context if service.made and service.made.context is not None else ""
    producers = (fact for fact in project.code_facts if fact.kind in _PRODUCERS)
    return target.metrics_path.rstrip("/") == "/metrics" and any(is_below(fact.location.path, context) for fact in producers)


def _gap(found: _Found, facts: tuple[CodeFact, ...]) -> Gap:
    near = tuple(fact for fact in facts if "metric" in fact.detail.lower())
    hint = f"; the code has {near[0].detail}" if near else ""
    path = found.target.metrics_path
    return RULE.gap(
        resource=found.config.path,
        subject=f"metrics_path/{found.target.job}",
        message=f"The job {found.target.job} asks {found.service.name} for {path}, which its code does not serve{hint}.",
        expected="a path in the Prometheus text format",
        actual=f"{path}, answered with 404",
        locations=(found.target.location,),
        related=tuple(fact.location for fact in near[:3]),
        confidence=Confidence.HIGH if found.named else Confidence.MEDIUM,
        environment=found.scraper.stack.environment,
        blocked_by=() if found.named else ("MET003",),
    )


RULE = Rule(
    code="MET006",
    name="metrics-path-not-served",
    layer=Layer.METRICS,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(None, "advice", "Serve the path in the text format, correct `metrics_path`, or take the job out."),),
)
