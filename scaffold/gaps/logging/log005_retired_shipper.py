"""LOG005: the logs are shipped by a program that its makers have ended."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import tool_services
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_RETIRED = {"promtail": "2 March 2026", "grafana-agent": "1 November 2025"}
"""The end of life of each (Grafana Labs, looked up on 2026-11-22)."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in project.stacks if stack.complete and stack.is_runnable_in_production]
    for stack, service in tool_services(project, stacks, frozenset(_RETIRED)):
        name = service.image.name if service.image else service.name
        ended = _RETIRED.get(name, _RETIRED["grafana-agent"])
        yield RULE.gap(
            resource=stack.resource(service.name),
            subject="shipper",
            message=f"{service.name} ships the logs with a program whose makers ended it on {ended}: no fixes come any more.",
            expected="Grafana Alloy (`alloy convert --source-format=promtail` reads the old configuration)",
            actual=str(service.image or service.name),
            locations=(service.image_location or service.location,),
            environment=stack.environment,
        )


RULE = Rule(
    code="LOG005",
    name="retired-shipper",
    layer=Layer.LOGGING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Replace it with Grafana Alloy; `alloy convert` translates the configuration of both programs."),
    ),
)
