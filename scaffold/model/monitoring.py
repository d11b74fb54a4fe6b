"""The monitoring part of the plan: which components run, which are the user's own, and what is scraped."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from scaffold.model.alert import AlertGroup
from scaffold.model.frozen import frozen


class ComponentKind(StrEnum):
    """A program of the monitoring stack."""

    PROMETHEUS = "prometheus"
    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    LOKI = "loki"
    ALLOY = "alloy"
    POSTGRES_EXPORTER = "postgres-exporter"
    REDIS_EXPORTER = "redis-exporter"
    CELERY_EXPORTER = "celery-exporter"
    BLACKBOX = "blackbox-exporter"
    NODE_EXPORTER = "node-exporter"
    CADVISOR = "cadvisor"


@frozen
class FileMount:
    """A file or folder of the project inside a container; `added` when the overlay mounts it, else the base does."""

    source: str
    """The path relative to the project's root."""
    target: str
    """The absolute path in the container."""
    added: bool = True
    written: bool = True
    """Whether scaffold writes it; False for what the user has already."""


@frozen
class SecretFile:
    """A secret of Compose below /run/secrets; `variable` is where a new one comes from, "" for one that the base declares."""

    name: str
    variable: str = ""


@frozen
class Component:
    """One program: a service of the overlay, or one that the user's stack runs already (`theirs`)."""

    kind: ComponentKind
    service: str
    port: int
    networks: tuple[str, ...]
    theirs: bool = False
    added_networks: tuple[str, ...] = ()
    """The networks that a service of theirs has to join beyond its own."""
    host_port: int = 0
    """The port on 127.0.0.1 of the host, 0 when none is published."""
    volume: str = ""
    """The named volume for its data."""
    watches: str = ""
    """The compose service that an exporter reads."""
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Entries in Compose's syntax: credentials stand as references, never as text."""
    secrets: tuple[SecretFile, ...] = ()
    mounts: tuple[FileMount, ...] = ()
    command: tuple[str, ...] = ()
    """The command, in Compose's syntax, that a service of theirs needs to read our configuration."""


@frozen
class ScrapeAddress:
    """One target: `host:port`, or a URL for an HTTP probe, and the compose service that it tells about."""

    address: str
    service: str


@frozen
class ScrapeJob:
    """One job of Prometheus. kind is scrape, probe-http, probe-local (an HTTP probe that says `Host: localhost`, as the
    service's own healthcheck does) or probe-tcp; `library` names what makes the metrics of an application or a store.
    """

    name: str
    kind: str
    targets: tuple[ScrapeAddress, ...]
    metrics_path: str = "/metrics"
    library: str = ""


@frozen
class Variable:
    """A variable of an overlay, and who needs it."""

    name: str
    why: str
    optional: bool = False
    """Whether the overlay starts without it."""


@frozen
class Remark:
    """A file or service and one sentence about it, for the operator."""

    subject: str
    text: str


@frozen
class MonitoringPlan:
    """Every decision about monitoring that more than one output shares."""

    folder: str
    """Where the configurations go, relative to the project's root."""
    overlay: str
    """The overlay's path, relative to the project's root."""
    directory: str
    """The project directory that Compose resolves paths against, "" for the root."""
    base_set: tuple[str, ...]
    their_overlays: tuple[str, ...] = ()
    """Compose files of the user's that add monitoring to the base and work."""
    components: tuple[Component, ...] = ()
    jobs: tuple[ScrapeJob, ...] = ()
    profiles: tuple[str, ...] = ()
    """The profiles of their monitoring services, which ours join so that one flag starts all."""
    new_networks: tuple[str, ...] = ()
    carried_configuration: str = field(default="", repr=False)
    """What of their Prometheus configuration stays in ours, as JSON without any credential."""
    own_rules: bool = True
    """Whether a Prometheus loads the rules that scaffold writes."""
    their_data_sources: bool = False
    """Whether their Grafana has data sources provisioned, so that ours adds no Prometheus to it."""
    their_rules: tuple[str, ...] = ()
    """Their alert rule files that our Prometheus loads, relative to the project's root."""
    task_events: bool = False
    """Whether the Celery workers send task events (`-E`), without which no task metric exists."""
    variables: tuple[Variable, ...] = ()
    remarks: tuple[Remark, ...] = ()
    """Files of theirs and how they are used, or why they are left alone."""
    alert_groups: tuple[AlertGroup, ...] = ()
    """The alerts that the rules, their tests and the runbook are written from; none when nothing loads them."""
    unwatched: tuple[Remark, ...] = ()
    """Services that nothing scrapes or probes, and why."""

    @property
    def overlays(self) -> tuple[str, ...]:
        """The compose files that the production set adds to the base set, in order."""
        return (*self.their_overlays, self.overlay)

    def component(self, kind: ComponentKind) -> Component | None:
        """Return the first component of this kind, or None."""
        return next((item for item in self.components if item.kind is kind), None)

    def job(self, name: str) -> ScrapeJob | None:
        """Return the job of this name, or None."""
        return next((item for item in self.jobs if item.name == name), None)
