"""TRC000: nothing follows a request through the services, and nothing gathers the errors of the code."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import anchor, application_services, main_environment, tool_services, variable_names
from scaffold.gaps.tracing.signals import TRACING_TOOLS, tracing_facts, tracing_libraries
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_AGENT = regex(
    r"(?:\w+_)?SENTRY_DSN|OTEL_\w+|(?:DD|DATADOG)_\w+|NEW_RELIC_\w+|ELASTIC_APM_\w+|HONEYBADGER_\w+|ROLLBAR_\w+|BUGSNAG_\w+|APPSIGNAL_\w+"
)
_OWN_CODE = 2
"""From two services of one's own a request has a way that can be lost."""


def _detect(project: Project) -> Iterator[Gap]:
    place = anchor(project)
    if place is None or len(application_services(project)) < _OWN_CODE or _is_traced(project):
        return
    yield RULE.gap(
        resource="tracing",
        subject="tracing",
        message="Nothing in this repository traces requests or gathers errors: a slow call across services is not seen as one.",
        expected="OpenTelemetry in the code, or error tracking such as Sentry",
        actual="no library, no agent, no receiver",
        locations=(place,),
        environment=main_environment(project),
    )


def _is_traced(project: Project) -> bool:
    known = tracing_facts(project) or tracing_libraries(project) or tool_services(project, project.stacks, TRACING_TOOLS)
    return bool(known) or any(_AGENT.fullmatch(name) for name in variable_names(project))


RULE = Rule(
    code="TRC000",
    name="no-tracing",
    layer=Layer.TRACING,
    severity=Severity.INFO,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add OpenTelemetry's instrumentation of the framework and send OTLP to a collector, or start with error tracking.",
        ),
    ),
)
