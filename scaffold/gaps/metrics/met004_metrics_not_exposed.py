"""MET004: the code can produce Prometheus metrics, and no route of the served app gives them out."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import main_services, owner_of_path
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Room, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.python_metrics import metrics_route
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_LIBRARIES = frozenset(
    {
        *(
            "prometheus-client",
            "prometheus_client",
            "prometheus-fastapi-instrumentator",
            "starlette-exporter",
            "starlette_exporter",
        ),
        *(
            "prometheus-flask-exporter",
            "django-prometheus",
            "prom-client",
            "express-prom-bundle",
        ),
    }
)

_FORMAT = regex(r"# (?:TYPE|HELP) \w", words=("TYPE", "HELP"))
"""Lines of the text format, which code without a library writes by itself."""
_HANDLER = regex(r"(?i)\bmetrics?\w*\.(?:\w+\.)?(?:http)?handler\b", words=("metric",))
"""The handler of a module about metrics, such as `metrics.Handler()`."""
_TOPICS = ("prometheus", "metrics")
_SHOWN = 3
"""Places that one finding lists."""


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[str, tuple[Stack, Service, list[tuple[str, Location]]]] = {}
    for name, location in _producers(project):
        owner = owner_of_path(project, location.path)
        if owner is not None and not _is_exposed(project, owner[1]):
            stack, service = owner
            found.setdefault(stack.resource(service.name), (stack, service, []))[2].append((name, location))
    for resource, (stack, service, producers) in sorted(found.items(), key=lambda item: item[0]):
        yield _gap(resource, stack, service, producers, None if metrics_route(project, service) else (_BY_HAND,))


def _producers(project: Project) -> Iterator[tuple[str, Location]]:
    """Yield exporters and libraries in code; where there are none, libraries that a manifest names."""
    facts = [
        f for f in project.code_facts if f.kind in {"metrics-exporter", "metrics-library"} and not _is_test(f.location.path)
    ]
    yield from ((fact.detail, fact.location) for fact in facts)
    for manifest in project.manifests:
        named = sorted(_LIBRARIES & {name.lower() for name in manifest.dependencies})
        if named and not any(is_below(fact.location.path, manifest.folder) for fact in facts):
            yield named[0], _line_of(project, manifest.path, named[0])


def _is_test(path: str) -> bool:
    return any(part in {"tests", "test", "spec", "__tests__"} for part in path.split("/"))


def _line_of(project: Project, path: str, word: str) -> Location:
    lines = (project.source(path) or "").split("\n")
    return Location(path, next((number for number, line in enumerate(lines, 1) if word in line.lower()), 1))


def _is_exposed(project: Project, service: Service) -> bool:
    """Whether a route gives out metrics in the service's context, or a server of its own or a push does."""
    context = service.made.context if service.made and service.made.context is not None else ""
    for fact in project.code_facts:
        if _gives_metrics(project, fact) and fact.reachable is not False and is_below(fact.location.path, context):
            return True
    return any(
        Role.MONITORING in {e.role for e in other.roles} and "pushgateway" in other.name for _, other in main_services(project)
    )


def _gives_metrics(project: Project, fact: CodeFact) -> bool:
    """Whether a route gives metrics out, by its content, or by its path in a module that is about them or writes the format."""
    if fact.kind != "http-route":
        return fact.kind == "metrics-route"
    if "metrics" not in fact.detail.lower().split("/"):
        return False
    if any(word in fact.location.path.lower() for word in _TOPICS):
        return True
    lines = (project.source(fact.location.path) or "").split("\n")
    if _HANDLER.search(next(iter(lines[fact.location.line - 1 : fact.location.line]), "")):
        return True
    return bool(_FORMAT.search(project.source(fact.location.path) or ""))


def _gap(
    resource: str, stack: Stack, service: Service, producers: list[tuple[str, Location]], closers: tuple[Closer, ...] | None
) -> Gap:
    names = ", ".join(dict.fromkeys(name for name, _ in producers))
    return RULE.gap(
        resource=resource,
        subject="metrics",
        message=f"The code of {service.name} can produce metrics ({names}), but no route gives them out.",
        expected="a route such as /metrics in the Prometheus text format",
        actual="no such route in the served app",
        locations=tuple(dict.fromkeys(location for _, location in producers))[:_SHOWN],
        environment=stack.environment,
        closers=closers,
    )


_BY_HAND = Closer(
    None, "advice", "Mount the exporter on a route of the app (GET /metrics, text format 0.0.4) and add a scrape job for it."
)


RULE = Rule(
    code="MET004",
    name="metrics-not-exposed",
    layer=Layer.METRICS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
