"""The plan of a project as the app reads it from JSON: frozen, checked, and with the place of every mistake."""

from __future__ import annotations

import json
from dataclasses import dataclass

from terraform.errors import PlanError
from terraform.reader import Reader
from terraform.workload import Setting, Workload, read_setting, read_workload

MAX_CHARACTERS = 4 * 1024 * 1024
"""The longest plan that is read, in characters."""

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_ROLE = r"(?!pg_|rds)[a-z][a-z0-9_]{0,15}"


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment; `production` keeps the defaults, others get a tfvars file that relaxes them."""

    name: str
    production: bool


@dataclass(frozen=True, slots=True)
class Postgres:
    """One PostgreSQL database that RDS will run; version is a bare major, "" when nobody knows it."""

    service: str
    version: str
    database: str
    user: str
    master: str
    """The master user, as which nothing but the job that makes the role of `user` logs in."""
    port: int


@dataclass(frozen=True, slots=True)
class Cache:
    """One Redis that ElastiCache or MemoryDB will run as Valkey; version is major.minor; `broker` forbids eviction.

    `eviction` and `events` are its maxmemory-policy and notify-keyspace-events of today, "" for what it has by itself.
    """

    service: str
    product: str
    version: str
    port: int
    broker: bool
    eviction: str
    events: str


@dataclass(frozen=True, slots=True)
class Secret:
    """One secret: with `store`, the app's login there, written by Terraform; without, filled by people, with these keys;
    one for the `host` that runs Compose is read by nothing that runs on AWS.
    """

    name: str
    keys: tuple[str, ...]
    store: str
    host: bool


@dataclass(frozen=True, slots=True)
class Image:
    """One image that the project builds: its key in every output, and the name of its repository."""

    name: str
    repository: str


@dataclass(frozen=True, slots=True)
class Volume:
    """One volume that outlives what mounts it; `shared` when several copies can mount it at once."""

    name: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket: what it is for, and the workloads that read and write it."""

    purpose: str
    workloads: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """What of a service Fargate has no twin for, and what to do instead."""

    service: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A service that no chart has a workload for, and why."""

    service: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that the Terraform of one project depends on."""

    app: str
    region: str
    compute: str
    branch: str
    """The branch from which images are released."""
    environments: tuple[Environment, ...]
    postgres: tuple[Postgres, ...]
    caches: tuple[Cache, ...]
    secrets: tuple[Secret, ...]
    images: tuple[Image, ...]
    volumes: tuple[Volume, ...]
    buckets: tuple[Bucket, ...]
    workloads: tuple[Workload, ...]
    """What ECS runs; none where the chart deploys the app."""
    settings: tuple[Setting, ...]
    lost: tuple[Lost, ...]
    chart: bool
    """Whether anything deploys the app to EKS: the chart, or packaging of the team's own."""
    left_out: tuple[LeftOut, ...]
    """The services without a place in the cluster, where that leaves none and no chart is written."""

    @property
    def stores(self) -> tuple[Postgres | Cache, ...]:
        """Every store that AWS will run."""
        return (*self.postgres, *self.caches)

    @property
    def elasticache(self) -> tuple[Cache, ...]:
        """The caches that ElastiCache will run."""
        return tuple(cache for cache in self.caches if cache.product == "elasticache")

    @property
    def memorydb(self) -> tuple[Cache, ...]:
        """The caches that MemoryDB will run."""
        return tuple(cache for cache in self.caches if cache.product == "memorydb")

    @property
    def file_systems(self) -> tuple[Volume, ...]:
        """The volumes that live on EFS: the shared ones, and on Fargate, which has no other disks that last, all."""
        return tuple(volume for volume in self.volumes if volume.shared or self.compute == "ecs")

    @property
    def bucket_users(self) -> dict[str, tuple[str, ...]]:
        """The purposes of the buckets that each workload uses."""
        users = sorted({workload for bucket in self.buckets for workload in bucket.workloads})
        return {user: tuple(bucket.purpose for bucket in self.buckets if user in bucket.workloads) for user in users}


def parse(text: str) -> Plan:
    """Return the plan that `text` holds; raises PlanError with the path of the first mistake."""
    if len(text) > MAX_CHARACTERS:
        raise PlanError("plan", f"longer than {MAX_CHARACTERS} characters")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PlanError("plan", f"not JSON: {error}") from error
    reader = Reader("plan", document)
    plan = Plan(
        app=reader.matching("app", _LABEL, "a DNS label"),
        region=reader.matching("region", r"[a-z]{2}(-[a-z]+)+-[0-9]+", "a region such as us-east-1"),
        compute=reader.matching("compute", r"eks|ecs", "eks or ecs"),
        branch=reader.matching("branch", r"[A-Za-z0-9._/-]+", "a branch without wildcards"),
        environments=reader.each("environments", _environment),
        postgres=reader.each("postgres", _postgres),
        caches=reader.each("caches", _cache),
        secrets=reader.each("secrets", _secret),
        images=reader.each("images", _image),
        volumes=reader.each("volumes", _volume),
        buckets=reader.each("buckets", _bucket),
        workloads=reader.each("workloads", read_workload),
        settings=reader.each("settings", read_setting),
        lost=reader.each("lost", _lost),
        chart=reader.flag("chart"),
        left_out=reader.each("left_out", _left_out),
    )
    reader.finish()
    _check(plan)
    return plan


def _environment(reader: Reader) -> Environment:
    name = reader.matching("name", r"(?=.{1,12}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*", "a word of at most 12 letters, digits, hyphens")
    return Environment(name, reader.flag("production"))


def _postgres(reader: Reader) -> Postgres:
    return Postgres(
        service=reader.text("service"),
        version=reader.matching("version", r"([1-9][0-9]?)?", "a major such as 17, or nothing"),
        database=reader.matching("database", r"[A-Za-z][A-Za-z0-9_]{0,62}", "a name that RDS takes"),
        user=reader.matching("user", _ROLE, "a role that RDS takes"),
        master=reader.matching("master", r"[a-z][a-z0-9]{0,15}", "a master user that RDS takes"),
        port=reader.port("port"),
    )


def _cache(reader: Reader) -> Cache:
    return Cache(
        service=reader.text("service"),
        product=reader.matching("product", r"elasticache|memorydb", "elasticache or memorydb"),
        version=reader.matching("version", r"([1-9][0-9]?\.[0-9]{1,2})?", "a version such as 8.2, or nothing"),
        port=reader.port("port"),
        broker=reader.flag("broker"),
        eviction=reader.matching("eviction", r"[a-z-]*", "a policy of Valkey, or nothing"),
        events=reader.matching("events", r"[A-Za-z$]*", "classes of events, or nothing"),
    )


def _secret(reader: Reader) -> Secret:
    name = reader.matching("name", r"(?!.*-\w{6}\Z)[A-Za-z0-9/_+=.@-]{1,300}", "a name that Secrets Manager takes")
    return Secret(name, reader.texts("keys"), reader.text("store", empty=True), reader.flag("host"))


def _image(reader: Reader) -> Image:
    repository = reader.matching("repository", r"[a-z0-9]+([._/-][a-z0-9]+)*", "a repository that ECR takes")
    return Image(reader.matching("name", _LABEL, "a DNS label"), repository)


def _volume(reader: Reader) -> Volume:
    return Volume(reader.text("name"), reader.flag("shared"))


def _lost(reader: Reader) -> Lost:
    return Lost(reader.text("service"), reader.text("what"), reader.text("why"))


def _left_out(reader: Reader) -> LeftOut:
    return LeftOut(reader.text("service"), reader.text("why"))


def _bucket(reader: Reader) -> Bucket:
    return Bucket(reader.matching("purpose", r"backups|uploads", "backups or uploads"), reader.texts("workloads"))


def _check(plan: Plan) -> None:
    """Refuse what no single field shows: repeated names, a login for a store that is not there."""
    services = [store.service for store in plan.stores]
    for what, names in (
        ("environments", [environment.name for environment in plan.environments]),
        ("stores", services),
        ("secrets", [secret.name for secret in plan.secrets]),
        ("images", [image.name for image in plan.images]),
        ("volumes", [volume.name for volume in plan.volumes]),
        ("buckets", [bucket.purpose for bucket in plan.buckets]),
        ("workloads", [workload.name for workload in plan.workloads]),
        ("settings", [setting.name for setting in plan.settings]),
    ):
        repeated = next((name for name in names if names.count(name) > 1), None)
        if repeated is not None:
            raise PlanError(f"plan.{what}", f"{repeated!r} stands twice")
    if not plan.environments:
        raise PlanError("plan.environments", "at least one environment is needed")
    logins = [secret.store for secret in plan.secrets if secret.store]
    bare = next((service for service in services if logins.count(service) != 1), None)
    if bare is not None:
        raise PlanError("plan.secrets", f"the store {bare!r} needs exactly one secret for the application's login")
    lost = next((secret.store for secret in plan.secrets if secret.store and secret.store not in services), None)
    if lost is not None:
        raise PlanError("plan.secrets", f"the store {lost!r} is not in the plan")
