"""TRC001: a receiver of traces runs, and no code sends it any."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.signals import application_services, tool_services
from scaffold.gaps.tracing.signals import tracing_facts, tracing_libraries
from scaffold.model.compose import Service, Stack
from scaffold.model.document import scalars_in
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_RECEIVERS = frozenset({"all-in-one", "jaeger", "tempo", "zipkin"})
"""Programs for traces alone; a collector may be there for metrics or logs."""
_INSTRUMENTED = regex(r"OTEL_\w+|(?:\w+_)?(?:JAEGER|ZIPKIN|TRACING|OTLP)_\w+|\w*TRACING\w*", re.IGNORECASE)
_SETTINGS = regex(r"\b(?:otlp|zipkin|jaeger|opentelemetry|tracing)\b", re.IGNORECASE)
_JUDGED = frozenset({"python", "node"})
"""Languages whose manifests and code are read well enough to say that nothing is instrumented."""


def _detect(project: Project) -> Iterator[Gap]:
    if tracing_facts(project) or tracing_libraries(project) or not _is_known(project):
        return
    for stack, service in tool_services(project, project.stacks, _RECEIVERS):
        if not _is_addressed(project, stack, service):
            yield RULE.gap(
                resource=stack.resource(service.name),
                subject="traces",
                message=f"{service.name} waits for traces, and no manifest, setting or command of the code sends any.",
                expected="instrumentation that exports to it, or no such service",
                actual="a receiver alone",
                locations=(service.location,),
                environment=stack.environment,
            )


def _is_known(project: Project) -> bool:
    """Whether all of the team's code is in languages that are judged, and has manifests to tell its libraries."""
    ecosystems = {manifest.ecosystem for manifest in project.manifests}
    built = [service for _, service in application_services(project) if service.build]
    return bool(built) and bool(ecosystems) and ecosystems <= _JUDGED


def _is_addressed(project: Project, stack: Stack, receiver: Service) -> bool:
    """Whether another service, or a settings file, names the receiver or tracing in general."""
    host = re.compile(rf"(?<![\w.-]){re.escape(receiver.name)}(?![\w.-])")
    stacks = [other for other in project.stacks if other.directory == stack.directory]
    others = [service for other in stacks for service in other.services if service.name != receiver.name]
    for service in others:
        words = [scalar.value for scalar in scalars_in(service.node.get("command"))]
        values = [entry.value or "" for entry in service.environment]
        if any(_INSTRUMENTED.fullmatch(entry.name) for entry in service.environment):
            return True
        if any(host.search(text) for text in (*words, *values)) or any(_SETTINGS.search(word) for word in words):
            return True
    read = any(_INSTRUMENTED.fullmatch(item.name) for item in project.env_reads)
    return read or any(
        host.search(source.text) for source in project.sources if source.path.endswith((".toml", ".ini", ".conf"))
    )


RULE = Rule(
    code="TRC001",
    name="receiver-without-traces",
    layer=Layer.TRACING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Instrument the code (OTEL_EXPORTER_OTLP_ENDPOINT and opentelemetry-instrument), or take the receiver out.",
        ),
    ),
)
