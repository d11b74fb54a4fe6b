"""What the tracing room asks: which services receive traces, and whether code is instrumented."""

from __future__ import annotations

from scaffold.model.durability import dependency_names
from scaffold.model.project import CodeFact, Project

TRACING_TOOLS = frozenset(
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
LIBRARIES = (
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


def tracing_facts(project: Project) -> tuple[CodeFact, ...]:
    """Return where served code starts tracing or error tracking."""
    return tuple(fact for fact in project.code_facts if fact.kind == "tracing" and fact.reachable is not False)


def tracing_libraries(project: Project) -> tuple[str, ...]:
    """Return the tracing and error tracking libraries that the manifests name."""
    return tuple(sorted(name for name in dependency_names(project) if name.startswith(LIBRARIES)))
