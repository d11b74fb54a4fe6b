"""The card of the layer TRACING: instrumented code, and what receives its traces and errors."""

from __future__ import annotations

from scaffold.gaps.signals import stacks_in_use, tool_services
from scaffold.gaps.tracing.signals import TRACING_TOOLS, tracing_facts, tracing_libraries
from scaffold.model.gap import LayerCard
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project


def card(project: Project) -> LayerCard:
    """Return present where code is instrumented, inert where only a receiver of traces exists."""
    facts = tracing_facts(project)
    libraries = tracing_libraries(project)
    used = tool_services(project, stacks_in_use(project), TRACING_TOOLS)
    idle = tool_services(project, project.stacks, TRACING_TOOLS)
    if facts or (libraries and not project.code_facts):
        state = LayerState.PRESENT
    elif libraries or used:
        state = LayerState.PARTIAL
    else:
        state = LayerState.INERT if idle else LayerState.ABSENT
    return LayerCard(
        Layer.TRACING, state, (*(fact.location for fact in facts), *(service.location for _, service in used or idle))
    )
