"""LOG006: a log collector has no pipeline to run, or reads a folder that no service writes to."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import neighbours
from scaffold.gaps.signals import LOGGING_TOOLS, runs_tool
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_PIPELINE = regex(
    r"/(?:pipeline|etc/(?:fluent|fluent-bit|vector|alloy|promtail|loki|td-agent|logstash)|fluentd?/etc|fluent-bit/etc|config)(?:/|$)"
)


def _detect(project: Project) -> Iterator[Gap]:
    seen: set[Location] = set()
    for stack in project.stacks:
        for service in stack.services:
            if runs_tool(project, service, LOGGING_TOOLS) and service.location.path not in project.owned:
                for subject, mount in _faults(project, stack, service):
                    if mount.location not in seen:
                        seen.add(mount.location)
                        yield _gap(stack, service, subject, mount)


def _faults(project: Project, stack: Stack, service: Service) -> Iterator[tuple[str, Mount]]:
    for mount in service.mounts:
        if mount.kind != "bind" or not mount.resolved or "$" in mount.source:
            continue
        if _PIPELINE.search(mount.target) and not project.exists(mount.resolved):
            yield "pipeline", mount
        elif re.search(r"(?:^|/)logs?$", mount.resolved) and not _is_written(project, stack, service, mount):
            yield "logs", mount


def _is_written(project: Project, stack: Stack, reader: Service, mount: Mount) -> bool:
    """Whether another service of the stack or its base mounts the same folder; with no base known, nobody can tell."""
    others = [service for service in neighbours(project, stack) if service.name != reader.name]
    if not any(service.is_application for service in others):
        return True
    return any(other.resolved == mount.resolved for service in others for other in service.mounts)


def _gap(stack: Stack, service: Service, subject: str, mount: Mount) -> Gap:
    missing = subject == "pipeline"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"{subject}/{mount.target}",
        message=(
            f"{service.name} mounts {mount.resolved} as its pipeline, but there is no such path: it collects nothing."
            if missing
            else f"{service.name} reads {mount.resolved}, but no service writes its logs there, so it collects nothing."
        ),
        expected="a pipeline file" if missing else "the volume that the services write to, or the output of the containers",
        actual="no such path" if missing else "a folder that stays empty",
        locations=(mount.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="LOG006",
    name="shipper-misses-its-files",
    layer=Layer.LOGGING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the pipeline, and mount the volume that the services log to, or read the containers' output through Docker.",
        ),
    ),
)
