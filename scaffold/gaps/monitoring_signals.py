"""What the metrics, alerting and logging rooms ask: which files containers mount, and which services answer to a target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import normpath

from scaffold.gaps.chart_words import chart_names
from scaffold.gaps.signals import (
    METRICS_TOOLS,
    foreign_infrastructure,
    image_name,
    is_in_use,
    resource_types,
    runs_tool,
    stacks_in_use,
    tool_services,
    variable_names,
)
from scaffold.model.compose import Service, Stack, shared_network
from scaffold.model.document import Location, Mapping, Node, Sequence, find, text_of
from scaffold.model.durability import dependency_names
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Project, PrometheusConfig, ScrapeTarget
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.model.starting import is_below

_TAKES_FILES = regex(r"\.Files\.(?:Glob|Get|Lines|AsConfig)\s{1,4}\"(?P<name>[^\"\n]{1,200})\"", words=(".Files.",))
"""How a template of Helm takes in files of its chart."""
_PROMETHEUS = frozenset({"prometheus", "vmagent", "victoria-metrics"})
_METRICS_VARIABLES = regex(
    r"(?:DD|DATADOG)_(?:API_KEY|AGENT_HOST|TRACE_AGENT_URL)|NEW_RELIC_LICENSE_KEY|APPLICATIONINSIGHTS_CONNECTION_STRING|APPSIGNAL_PUSH_API_KEY"
    r"|OTEL_EXPORTER_OTLP_METRICS_ENDPOINT|GRAFANA_CLOUD_\w+|SCOUT_KEY|HONEYBADGER_API_KEY",
    words=(
        "AGENT_HOST",
        "API_KEY",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "GRAFANA_CLOUD_",
        "NEW_RELIC_LICENSE_KEY",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
        "SCOUT_KEY",
        "TRACE_AGENT_URL",
    ),
)
_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
_TRACES_ALONE = frozenset({"jaeger", "all-in-one", "tempo", "zipkin"})
_METRICS_LIBRARIES = frozenset(
    {"ddtrace", "dd-trace", "datadog", "newrelic", "applicationinsights", "appsignal", "@appsignal/nodejs", "scout-apm"}
)
_METRICS_RESOURCES = (
    *("aws_cloudwatch_metric_alarm", "aws_cloudwatch_dashboard", "aws_prometheus_", "aws_grafana_", "google_monitoring_"),
    *("azurerm_monitor_", "azurerm_application_insights", "datadog_", "newrelic_", "grafana_", "ServiceMonitor", "PodMonitor"),
    *("PrometheusRule", "AWS::CloudWatch::", "signalfx_", "dynatrace_"),
)


@frozen
class Mounted:
    """A service of a stack and the place at which it mounts a file."""

    stack: Stack
    service: Service
    location: Location
    target: str


def mounts_of(project: Project, path: str) -> tuple[Mounted, ...]:
    """Return every mount, by whatever stack, of a file or of a folder above it."""
    return tuple(
        Mounted(stack, service, mount.location, mount.target)
        for stack in project.stacks
        for service in stack.services
        for mount in service.mounts
        if mount.kind == "bind" and mount.resolved and is_below(path, mount.resolved)
    ) + tuple(_as_config(project, path))


def _as_config(project: Project, path: str) -> Iterator[Mounted]:
    """Yield the services that get the file by the `configs` of Compose."""
    for stack in project.stacks:
        named = stack.node.get("configs")
        for entry in named.entries if isinstance(named, Mapping) else ():
            file = text_of(entry.value.get("file")) if isinstance(entry.value, Mapping) else ""
            if file and normpath(f"{stack.directory or '.'}/{file}") == path:
                yield from (Mounted(stack, service, entry.key.location, "") for service in stack.services)


def is_mentioned(project: Project, path: str) -> bool:
    """Whether an image, a chart, infrastructure code or a command takes the file, so that Compose need not mount it."""
    contexts = [
        s.build.context
        for stack in project.stacks
        for s in stack.services
        if s.build and s.build.context not in {None, "", "."}
    ]
    if any(is_below(path, context) for context in contexts if context):
        return True
    name = path.rpartition("/")[2]
    folder = path.rpartition("/")[0]
    for dockerfile in project.dockerfiles:
        here = dockerfile.path.rpartition("/")[0]
        copies = [i.text for stage in dockerfile.stages for i in stage.instructions if i.keyword in {"COPY", "ADD"}]
        if any(name in text or (is_below(path, here) and here and re.match(r"(?:--\S+\s+)*\./?\s", text)) for text in copies):
            return True
    texts = [command.text for command in project.commands if command.context != "doc"]
    texts += [project.source(item.path) or "" for item in foreign_infrastructure(project)]
    if any(path in text or (name in text and folder.rpartition("/")[2] in text) for text in texts):
        return True
    return _is_taken_by_a_chart(project, path)


def _is_taken_by_a_chart(project: Project, path: str) -> bool:
    """Whether a template of the chart around a file puts it into an object by its name or by a pattern."""
    charts = {item.path.rpartition("/")[0] for item in project.infrastructure if item.kind == "helm"}
    for chart in charts:
        if not is_below(path, chart):
            continue
        inside = path.removeprefix(f"{chart}/")
        templates = (file.text for file in project.sources if is_below(file.path, f"{chart}/templates"))
        taken = (match["name"] for text in templates for match in _TAKES_FILES.finditer(text))
        if any(fnmatchcase(inside, pattern.replace("**", "*")) for pattern in taken):
            return True
    return False


def has_metrics(project: Project) -> bool:
    """Whether a stack in use, a hosted service or the infrastructure code collects metrics."""
    return bool(
        tool_services(project, stacks_in_use(project), METRICS_TOOLS)
        or any(_METRICS_VARIABLES.fullmatch(name) for name in variable_names(project))
        or _sends_metrics(project)
        or _METRICS_LIBRARIES & dependency_names(project)
        or any(kind.startswith(_METRICS_RESOURCES) for kind in resource_types(foreign_infrastructure(project)))
        or chart_names(project, "prometheus", "victoria-metrics", "datadog", "newrelic")
    )


def _sends_metrics(project: Project) -> bool:
    """Whether OpenTelemetry's one endpoint is more than that of a tool for traces alone."""
    if _ENDPOINT not in variable_names(project):
        return False
    given = [
        (stack, entry.value or "")
        for stack in project.stacks
        for service in stack.services
        for entry in service.environment
        if entry.name == _ENDPOINT
    ]
    hosts = [stack.resolve_host(url_host(value) or value.partition(":")[0]) for stack, value in given]
    return not hosts or any(host is None or image_name(project, host) not in _TRACES_ALONE for host in hosts)


def scrapers_of(project: Project, config: PrometheusConfig) -> tuple[Mounted, ...]:
    """Return the Prometheus services that mount a configuration, those of stacks in use alone when there are any."""
    found = [item for item in mounts_of(project, config.path) if runs_tool(project, item.service, _PROMETHEUS)]
    used = [item for item in found if is_in_use(project, item.stack) and item.stack.complete]
    return tuple(used or found)


def neighbours(project: Project, stack: Stack) -> tuple[Service, ...]:
    """Return the services that a stack can talk of: its own, and for an overlay without its base those of that base."""
    base = next(
        (s for s in project.stacks if s.directory == stack.directory and s.complete and s.id in {"base", stack.extends_stack}),
        None,
    )
    beside = base.services if base and not stack.complete else ()
    own = {service.name for service in stack.services}
    return (*stack.services, *(service for service in beside if service.name not in own))


def _by_host(project: Project, stack: Stack) -> dict[str, Service]:
    """Return the first service that answers to each name."""
    return {name: service for service in reversed(neighbours(project, stack)) for name in service.names}


def answering(project: Project, scraper: Mounted, host: str) -> Service | None:
    """Return the service that answers to `host` on a network of the scraper, or None."""
    named = known(_by_host, project, scraper.stack).get(host)
    ours = scraper.service.location.path in project.owned
    return named if named and (ours or shared_network(scraper.service, named)) else None


def is_in_stack_name(target: ScrapeTarget) -> bool:
    """Whether a target's host can only be a name of the stack: no address, no domain, no variable, not the host itself."""
    host = target.host
    return bool(re.fullmatch(r"[A-Za-z0-9_-]+", host)) and host != "localhost" and not host.isdigit()


def static_targets(project: Project, config: PrometheusConfig) -> dict[tuple[str, int | None], tuple[ScrapeTarget, ...]]:
    """Return the targets that Prometheus itself connects to, by host and port; what an exporter probes for it is left out."""
    rewritten = _rewritten_jobs(project, config)
    grouped: dict[tuple[str, int | None], tuple[ScrapeTarget, ...]] = {}
    for target in config.targets:
        if target.job not in rewritten and target.metrics_path not in {"/probe", "/scrape"}:
            key = (target.host, target.port)
            grouped[key] = (*grouped.get(key, ()), target)
    return grouped


def _rewritten_jobs(project: Project, config: PrometheusConfig) -> frozenset[str]:
    """Return the jobs whose relabelling replaces the address: the targets are parameters of an exporter then."""
    document = project.document(config.path)
    jobs = _items(find(document.root, "scrape_configs") if document else None)
    return frozenset(
        text_of(find(job, "job_name"))
        for job in jobs
        for rule in _items(find(job, "relabel_configs"))
        if text_of(find(rule, "target_label")) == "__address__"
    )


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()
