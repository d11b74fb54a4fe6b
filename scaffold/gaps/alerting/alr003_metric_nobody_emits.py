"""ALR003: alerts and dashboards ask for metrics of an exporter that Prometheus does not scrape."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.monitoring_signals import Mounted, answering, scrapers_of
from scaffold.gaps.signals import image_name
from scaffold.model.document import Location, find
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Project, PrometheusConfig, ScrapeTarget
from scaffold.model.regex import regex


@frozen
class _Emitter:
    """Metrics with one beginning, and their exporter: `words` in host, job or image name it, ports of `store` are not its."""

    prefix: str
    exporter: str
    words: tuple[str, ...]
    store: tuple[int, ...] = ()


_EMITTERS = (
    _Emitter("pg_", "postgres_exporter", ("postgres", "pg", "timescale"), (5432,)),
    _Emitter("redis_", "redis_exporter", ("redis", "valkey"), (6379,)),
    _Emitter("mysql_", "mysqld_exporter", ("mysql", "maria"), (3306,)),
    _Emitter("mongodb_", "mongodb_exporter", ("mongo",), (27017,)),
    _Emitter("node_", "node_exporter", ("node",)),
    _Emitter("container_", "cAdvisor", ("cadvisor", "kubelet", "container")),
    _Emitter("nginx_", "nginx-prometheus-exporter", ("nginx",), (80, 443)),
    _Emitter("elasticsearch_", "elasticsearch_exporter", ("elastic", "es-"), (9200,)),
    _Emitter("kube_", "kube-state-metrics", ("kube",)),
    _Emitter("probe_", "blackbox_exporter", ("blackbox", "probe")),
)
"""Sources: the exporters' own lists of metrics. What an application names itself is looked for in the code."""
_QUERY = regex(r'"expr"\s*:\s*"((?:[^"\\]|\\.)*)"')
_LABELS = regex(r"\{[^{}]*\}|\"[^\"]*\"|'[^']*'|\[[^\[\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_NAME = regex(r"(?<![\w:])[a-zA-Z_:][\w:]*(?![\w:]|\s*\()")
_CODE = (".py", ".js", ".ts", ".go", ".java", ".rb", ".rs", ".php", ".ex", ".kt", ".cs")
_RELAYS = ("otel", "collector", "alloy", "agent", "telegraf", "gateway", "vector", "federat")
_SHOWN = 10


def _detect(project: Project) -> Iterator[Gap]:
    configs = [config for config in project.prometheus if config.path not in project.owned]
    watched = [(config, scrapers) for config in configs if (scrapers := scrapers_of(project, config))]
    if not watched or any(_is_open(project, config) for config in configs):
        return
    uses = tuple(_uses(project))
    for emitter in _EMITTERS:
        asked = [(name, place) for name, place in uses if name.startswith(emitter.prefix) and not _is_own(project, name)]
        if asked and not any(_is_emitted(project, config, scrapers, emitter) for config, scrapers in watched):
            yield _gap(emitter, asked, watched)


def _is_open(project: Project, config: PrometheusConfig) -> bool:
    """Whether the targets are found at run time, or series come through another program, which may have any."""
    document = project.document(config.path)
    root = document.root if document else None
    federates = any(target.metrics_path.startswith("/federate") for target in config.targets)
    relays = any(word in target.host for target in config.targets for word in _RELAYS)
    return bool(config.dynamic_jobs or federates or relays or find(root, "remote_read") or find(root, "scrape_config_files"))


def _uses(project: Project) -> Iterator[tuple[str, Location]]:
    """Yield each metric that an alert or a dashboard of the project names, with its place."""
    for file in project.alert_rules:
        if file.path not in project.owned:
            yield from ((name, alert.location) for alert in file.alerts for name in _names(alert.expression))
    for item in project.monitoring_files:
        if item.kind == "grafana-dashboard" and item.path not in project.owned:
            text = project.source(item.path) or ""
            for match in _QUERY.finditer(text):
                place = Location.at_offset(item.path, text, match.start())
                yield from ((name, place) for name in _names(match[1].replace('\\"', '"')))


def _names(expression: str) -> frozenset[str]:
    bare = re.sub(r"#[^\n]*", " ", expression)
    return frozenset(_NAME.findall(_LABELS.sub(" ", bare)))


def _is_own(project: Project, name: str) -> bool:
    """Whether the project's code, or a recording rule, makes a metric of this name."""
    base = re.sub(r"_(?:total|bucket|sum|count|created)$", "", name)
    return ":" in name or any(base in item.text for item in project.sources if item.path.endswith(_CODE))


def _is_emitted(project: Project, config: PrometheusConfig, scrapers: tuple[Mounted, ...], emitter: _Emitter) -> bool:
    return any(_gives(project, scrapers, target, emitter) for target in config.targets)


def _gives(project: Project, scrapers: tuple[Mounted, ...], target: ScrapeTarget, emitter: _Emitter) -> bool:
    """Whether a target is the exporter by its job, its host or the image behind; a store's own port speaks no HTTP."""
    if target.port in emitter.store:
        return False
    services = [service for scraper in scrapers if (service := answering(project, scraper, target.host))]
    words = " ".join((target.job, target.host, *(image_name(project, service) for service in services))).lower()
    return any(word in words for word in emitter.words)


def _gap(
    emitter: _Emitter, asked: list[tuple[str, Location]], watched: list[tuple[PrometheusConfig, tuple[Mounted, ...]]]
) -> Gap:
    names = sorted({name for name, _ in asked})
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return RULE.gap(
        resource="alerting",
        subject=f"metrics/{emitter.prefix}",
        message=f"Alerts or dashboards ask for {shown}, which {emitter.exporter} gives out, and Prometheus scrapes none: "
        "they show nothing and never fire.",
        expected=f"a scrape job for {emitter.exporter}",
        actual="no such target",
        locations=tuple(dict.fromkeys(place for _, place in asked))[:_SHOWN],
        related=tuple(config.location for config, _ in watched),
        confidence=Confidence.MEDIUM,
        environment=watched[0][1][0].stack.environment,
    )


RULE = Rule(
    code="ALR003",
    name="metric-nobody-emits",
    layer=Layer.ALERTING,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(None, "advice", "Run the exporter and scrape it, or take out the alerts and panels that ask for it."),),
)
