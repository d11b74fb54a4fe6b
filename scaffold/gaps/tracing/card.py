"""The card of the layer TRACING: instrumented code, and what receives its traces and errors."""

from __future__ import annotations

from scaffold.gaps.signals import stacks_in_use, tool_services
from scaffold.model.durability import dependency_names
from scaffold.model.gap import LayerCard
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project

_TOOLS = frozenset(
    {
        "all-in-one",
        "jaeger",
        "tempo",
        "zipkin",
        "otel-lgtm",
        "opentelemetry-collector",
        "opentelemetry-collector-contrib",
        "signoz",
    }
)
_LIBRARIES = (
    *(
        "opentelemetry",
        "@opentelemetry/",
        "sentry",
        "@sentry/",
        "ddtrace",
        "dd-trace",
        "newrelic",
        "elastic-apm",
        "rollbar",
        "bugsnag",
    ),
    *("honeybadger", "go.opentelemetry.io", "github.com/getsentry", "io.opentelemetry", "appsignal"),
)


def card(project: Project) -> LayerCard:
    """Return present where code is instrumented, inert where only a receiver of traces exists."""
    facts = [fact for fact in project.code_facts if fact.kind == "tracing" and fact.reachable is not False]
    libraries = [name for name in dependency_names(project) if name.startswith(_LIBRARIES)]
    used = tool_services(project, stacks_in_use(project), _TOOLS)
    idle = tool_services(project, project.stacks, _TOOLS)
    if facts or (libraries and not project.code_facts):
        state = LayerState.PRESENT
    elif libraries or used:
        state = LayerState.PARTIAL
    else:
        state = LayerState.INERT if idle else LayerState.ABSENT
    return LayerCard(
        Layer.TRACING, state, (*(fact.location for fact in facts), *(service.location for _, service in used or idle))
    )
