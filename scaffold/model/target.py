"""The plan: every decision that two outputs share, made once; generators render it and decide nothing that another needs."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from scaffold.model.alternatives import ProfileChoice
from scaffold.model.backup import BackupPlan
from scaffold.model.cluster_backup import ClusterBackupPlan
from scaffold.model.delivery import DeliveryPlan
from scaffold.model.dockerignore import DockerignorePlan
from scaffold.model.edits import EditTask
from scaffold.model.environment import EnvPlan, NeededVariable
from scaffold.model.frozen import frozen
from scaffold.model.guides import GuidesPlan
from scaffold.model.hardening import HardeningPlan
from scaffold.model.monitoring import MonitoringPlan
from scaffold.model.names import Role, Room
from scaffold.model.workload import ConfigFile, HostRoute, LeftOut, Note, PathRoute, PersistentVolume, Setting, Workload


@frozen
class EnvironmentTarget:
    """One environment to provision; `production` has the full posture, others may be smaller."""

    name: str
    production: bool


@frozen
class Store:
    """A data store of the app: where it will live and how its consumers reach it."""

    service: str
    """The compose service, which is also its name in every output."""
    role: Role
    placement: str
    """`managed` (AWS runs it) or `container` (it stays where it is)."""
    reason: str
    """Why it is placed there, one sentence for the guides."""
    engine: str = ""
    """`postgres` or `valkey` for managed ones."""
    version: str = ""
    """The engine version to ask AWS for: a bare major for PostgreSQL, major.minor for Valkey; "" when it has to be asked."""
    database: str = ""
    user: str = ""
    """The role that the application logs in as; never the master user."""
    port: int = 0
    broker: bool = False
    """Whether a queue library keeps jobs in it: eviction is then forbidden and cluster mode is off."""
    eviction: str = ""
    """What a managed Redis gives up when its memory is full, as its command says it today; "" where that says nothing."""
    events: str = ""
    """The changes of keys that its clients are told about today (`notify-keyspace-events`); "" for none."""
    declared_database: str = ""
    """The database as the compose file names it, for managed PostgreSQL."""
    product: str = ""
    """What runs a managed one: `rds`, `elasticache` or `memorydb`."""
    secret: str = ""
    """The name of the Secret that holds the application's login at a managed one."""


@frozen
class FirstStart:
    """What a managed PostgreSQL gets once, while its database is empty, as the image does at its first start."""

    store: str
    extensions: tuple[str, ...]
    """What the master makes."""
    scripts: tuple[tuple[str, str], ...]
    """Name and text of what the application's role runs, in this order."""


APPLICATION_SECRET = "app"  # noqa: S105 - the name of a secret
"""The name of the Secret that people fill in."""
HOST_SECRET = "compose-host"  # noqa: S105 - the name of a secret
"""The secret with what Compose on a host needs and no workload of the cluster reads: of monitoring, backups, tools."""


@frozen
class SecretKey:
    """One value inside a secret, and the environment variables of the services that read it."""

    key: str
    consumers: tuple[tuple[str, str], ...] = ()


@frozen
class Secret:
    """One secret in the secret manager: `name` is the part after `<app>/<environment>/`; kind is `store` or `application`."""

    name: str
    kind: str
    keys: tuple[SecretKey, ...]
    store: str = ""

    @property
    def host_only(self) -> bool:
        """Whether only a host that runs Compose reads it: nothing of the cluster may."""
        return self.name == HOST_SECRET


@frozen
class Bucket:
    """One bucket of S3: its purpose (`backups` or `uploads`), and the service accounts that read and write it."""

    purpose: str
    workloads: tuple[str, ...]


@frozen
class FilledArgument:
    """A build argument as variables of the compose files fill it: each piece a variable ("" for none) with its default, or a
    text.
    """

    name: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables in it."""
        return tuple(variable for variable, _ in self.pieces if variable)


@frozen
class BuiltImage:
    """An image that the project builds; services with the same context, Dockerfile, target and arguments share it."""

    name: str
    """A DNS label: the key of the image in the chart's values, in workflows and in Terraform."""
    repository: str
    """`<app>/<name>`: what follows the registry's host (and owner, on GHCR)."""
    context: str
    """The build context, relative to the project's root."""
    dockerfile: str
    """The Dockerfile, relative to the project's root."""
    target: str
    args: tuple[tuple[str, str], ...]
    services: tuple[str, ...]
    filled: tuple[FilledArgument, ...] = ()
    """Those of the arguments whose text holds variables of the compose files."""


@frozen
class Target:
    """Everything that is to be written, decided."""

    app: str
    region: str
    compute: str
    environments: tuple[EnvironmentTarget, ...]
    stores: tuple[Store, ...]
    secrets: tuple[Secret, ...]
    workloads: tuple[Workload, ...]
    """Every service that the team runs itself, sorted by service."""
    images: tuple[BuiltImage, ...]
    base_set: tuple[str, ...]
    """The compose files that run the app today."""
    production_set: tuple[str, ...]
    """The compose files to run in production: the base set and the overlays that scaffold writes."""
    profiles: ProfileChoice | None = None
    """Which of the profiles that exclude each other all of this is for; None where none do."""
    settings: tuple[Setting, ...] = ()
    """Variables of the compose files that are no secrets and that containers read."""
    volumes: tuple[PersistentVolume, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    config_files: tuple[ConfigFile, ...] = ()
    first_starts: tuple[FirstStart, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    """The services without a workload, and why."""
    notes: tuple[Note, ...] = ()
    """What of the compose files does not carry over as it is."""
    paths: tuple[PathRoute, ...] = ()
    """The routes by path that the project's own proxy has, beside those by name."""
    routes: tuple[HostRoute, ...] | None = None
    """All routes, where labels say them to a proxy; None where none do."""
    chart_folder: str = ""
    """Where the chart goes; "" when none is written."""
    lacks_chart: bool = False
    """Whether no chart is written for the only reason that no service is left for it."""
    terraform_folder: str = "infra/terraform"
    hardening: HardeningPlan | None = None
    monitoring: MonitoringPlan | None = None
    backup: BackupPlan | None = None
    cluster_backup: ClusterBackupPlan | None = None
    """What the cluster copies itself; None without a chart, or where AWS keeps everything."""
    delivery: DeliveryPlan | None = None
    guides: GuidesPlan | None = None
    blueprints: Path | None = None
    """A folder of the user's whose blueprints stand in for ours of the same room and name."""
    needs: tuple[NeededVariable, ...] = ()
    """The variables that the code requires and that no file sets which production uses."""
    object_keys: tuple[tuple[str, str], ...] = ()
    """The variables that are keys of an object store which the stack runs itself, each with that service."""
    environment: EnvPlan = field(default_factory=EnvPlan)
    """The env templates, and every variable of the stack."""
    dockerignores: tuple[DockerignorePlan, ...] = ()
    """A .dockerignore for each build context that is copied whole and has none."""
    edit_tasks: tuple[EditTask, ...] = ()
    closes: tuple[tuple[Room, tuple[str, ...]], ...] = ()
    """Per room, the fingerprints of the gaps that its new files close."""
    skipped: tuple[tuple[str, str], ...] = field(default=())
    """Paths that would have been written but are the user's own, with the reason."""

    @property
    def deployed_set(self) -> tuple[str, ...]:
        """The production set as it is deployed: a swarm takes no overlay but the one that is made for it."""
        plan = self.hardening
        if self.guides is None or not self.guides.swarm:
            return self.production_set
        return (*self.base_set, *((plan.overlay,) if plan and plan.swarm else ()))

    def closed_by(self, room: Room) -> tuple[str, ...]:
        """Return the fingerprints of the gaps that new files of `room` close."""
        return dict(self.closes).get(room, ())
