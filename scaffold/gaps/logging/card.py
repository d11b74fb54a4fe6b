"""The card of the layer LOGGING: what gathers logs, and whether it runs."""

from __future__ import annotations

from scaffold.gaps.logging.aggregation import has_aggregation
from scaffold.gaps.logging.log003_json_formatter_unused import RULE as UNUSED_FORMATTER
from scaffold.gaps.signals import LOGGING_TOOLS, stacks_in_use, tool_services
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return inert where a collector or a formatter exists and nothing in use reaches it."""
    used = tool_services(project, stacks_in_use(project), LOGGING_TOOLS)
    idle = tool_services(project, project.stacks, LOGGING_TOOLS)
    unused = [gap.primary for gap in UNUSED_FORMATTER.detect(project)]
    otherwise = LayerState.INERT if idle or unused else LayerState.ABSENT
    state = LayerState.PRESENT if has_aggregation(project) else otherwise
    structured = [fact for fact in project.code_facts if fact.kind == "logging-json" and fact.reachable is not False]
    good = tuple(Praise("The served code logs JSON.", fact.location) for fact in structured[:1])
    places = (*(service.location for _, service in used or idle), *unused)
    platform = tuple(item.location for item in project.infrastructure if item.kind == "paas")
    return LayerCard(Layer.LOGGING, state, places or platform, good)
