"""One service as it runs in production: what its container gets, what it is asked, what it keeps, what it waits for."""

from __future__ import annotations

from dataclasses import field

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import Role


@frozen
class Piece:
    """One part of a text. kind is one of: `literal` (text as it is), `setting` (text is the name of a setting), `store` (a
    managed store's service, and its field host, port, database or username), `secret` (a Secret's name and its key), `env`
    (text is the name of a variable of the same container).
    """

    kind: str
    text: str = field(repr=False)
    field: str = ""
    encoded: bool = False
    """Whether the value stands in the userinfo of a URL and has to be percent-encoded there."""


Text = tuple[Piece, ...]
"""A text in pieces, in order; empty is the empty text."""


def literal(text: str) -> Text:
    """Return a text that is exactly `text`."""
    return (Piece("literal", text),) if text else ()


def is_literal(text: Text) -> bool:
    """Whether nothing in the text has to be looked up."""
    return all(piece.kind == "literal" for piece in text)


def literal_text(text: Text) -> str:
    """Return the literal parts of the text, one after the other."""
    return "".join(piece.text for piece in text if piece.kind == "literal")


def secrets_in(text: Text) -> tuple[Piece, ...]:
    """Return the pieces that come out of secrets."""
    return tuple(piece for piece in text if piece.kind == "secret")


@frozen
class Variable:
    """One environment variable of a container; source is `environment`, or the env_file that sets it."""

    name: str
    value: Text
    source: str
    location: Location = field(default=Location("", 1))


@frozen
class Setting:
    """A variable of the compose files that is no secret: its default, None where Compose has none, and who reads it."""

    name: str
    default: str | None
    consumers: tuple[tuple[str, str], ...] = ()
    """Service and environment variable of each reader."""


@frozen
class WorkloadPort:
    """A port that the container listens at; `published` when the compose file opens it to the outside."""

    name: str
    port: int
    protocol: str = "TCP"
    published: bool = False


@frozen
class Probe:
    """What the kubelet asks: kind is exec, http or tcp; period, timeout in whole seconds."""

    kind: str
    words: tuple[Text, ...] = ()
    path: str = ""
    port: int = 0
    scheme: str = "HTTP"
    period: int = 30
    timeout: int = 30
    failures: int = 3
    source: str = ""
    """Where it comes from: `healthcheck`, `Dockerfile`, `image` (our table) or `route`."""


@frozen
class Probes:
    """Readiness, liveness and startup; None where none is asked."""

    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None


@frozen
class WorkloadMount:
    """One mount. kind is volume (name of a PersistentVolume), file (name of a ConfigFile), secret (name of a Secret, key in
    `key`), memory or empty (nothing of it survives the pod).
    """

    kind: str
    name: str
    path: str
    read_only: bool = False
    sub_path: str = ""
    size: str = ""
    """The limit of a memory mount, in bytes; "" for none."""
    key: str = ""
    base64: bool = False
    """Whether the key holds the file in base64, as its bytes are no text."""


@frozen
class PersistentVolume:
    """A volume that survives its pods; `shared` when more than one pod can mount it at the same time."""

    name: str
    volume: str
    """The name in the compose file, "" when it is anonymous."""
    shared: bool
    workloads: tuple[str, ...]
    size: str = "10Gi"


@frozen
class ConfigFile:
    """Files that containers read from the repository: one ConfigMap, each file under its own base name."""

    name: str
    files: tuple[tuple[str, bytes], ...] = field(repr=False)
    workloads: tuple[str, ...] = ()


@frozen
class Wait:
    """What has to be there before the container starts. kind is tcp (host answers at port), login (the application's role
    can log in at a managed PostgreSQL) or job (a one-shot workload has completed); target is a workload's name or a store's
    service.
    """

    kind: str
    target: str
    port: int = 0


@frozen
class Security:
    """Whom the container runs as and what it may do; None means as the image says."""

    user: int | None = None
    group: int | None = None
    supplemental: tuple[int, ...] = ()
    non_root: bool = False
    read_only_root: bool = False
    add_capabilities: tuple[str, ...] = ()
    privilege_escalation: bool = False
    sysctls: tuple[tuple[str, str], ...] = ()
    reason: str = ""
    """Why it may do more than the default allows, "" where it does not."""


@frozen
class Resources:
    """Requests and limits in Kubernetes' words (`500m`, `512Mi`), "" for none; `assumed` when the compose file sets none."""

    cpu_request: str = ""
    cpu_limit: str = ""
    memory_request: str = ""
    memory_limit: str = ""
    gpus: int = 0
    assumed: bool = False


@frozen
class Scaling:
    """How many copies run; `maximum` above `replicas` lets the autoscaler add some, `singleton` forbids a second one."""

    replicas: int = 1
    maximum: int = 1
    singleton: bool = False
    reason: str = ""
    """Why it runs in one copy, "" where it may run in more; without `singleton` the next one starts before the last ends."""


@frozen
class Workload:
    """One service that the team runs itself."""

    service: str
    name: str
    """Its DNS label in every output."""
    role: Role | None
    kind: str
    """`deployment`, `stateful-set`, `job` (runs to completion) or `daemon-set` (one on every node)."""
    image: str
    """The image reference, "" when it is built by the project."""
    built: str = ""
    """The name of the BuiltImage that it runs, "" when it is pulled."""
    command: tuple[Text, ...] | None = None
    """What replaces the image's ENTRYPOINT, None for nothing."""
    args: tuple[Text, ...] | None = None
    """What replaces the image's CMD, None for nothing."""
    working_dir: str = ""
    environment: tuple[Variable, ...] = ()
    ports: tuple[WorkloadPort, ...] = ()
    aliases: tuple[str, ...] = ()
    """Further names under which other workloads reach it, each a DNS label."""
    probes: Probes = Probes()
    mounts: tuple[WorkloadMount, ...] = ()
    waits: tuple[Wait, ...] = ()
    networks: tuple[str, ...] = ()
    """The compose networks that it is in."""
    egress: bool = True
    """Whether it may reach the internet: false when all its networks are internal."""
    security: Security = Security()
    resources: Resources = Resources()
    scaling: Scaling = Scaling()
    grace_seconds: int = 10
    backoff_limit: int = 0
    """How often a job may fail before it is given up."""
    host_aliases: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Addresses and the names that they get in /etc/hosts."""
    stores: tuple[str, ...] = ()
    """The managed stores that it uses, by service."""


@frozen
class PathRoute:
    """A path of a user interface that leads to another workload: `front` is the interface's workload, "" for the domain."""

    front: str
    path: str
    workload: str
    port: int


@frozen
class HostRoute:
    """A route of the Ingress: `subdomain` below its domain ("" for the domain itself), `path` "" for everything there, and
    `exact` where nothing below the path belongs to it.
    """

    workload: str
    port: int
    subdomain: str
    path: str = ""
    exact: bool = False


@frozen
class LeftOut:
    """A service that gets no workload, and why; kind is `managed` (AWS runs it) or `dropped`."""

    service: str
    reason: str
    kind: str = "dropped"


@frozen
class Note:
    """What of a service does not carry over as it is: the compose key, what happens instead, and where it stands."""

    service: str
    key: str
    message: str
    location: Location = field(default=Location("", 1))
    urgent: bool = False
    """Whether the service cannot work in the cluster before somebody has changed it."""


@frozen
class WorkloadPlan:
    """Everything that runs, with what it shares."""

    workloads: tuple[Workload, ...] = ()
    settings: tuple[Setting, ...] = ()
    volumes: tuple[PersistentVolume, ...] = ()
    files: tuple[ConfigFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Note, ...] = ()
    paths: tuple[PathRoute, ...] = ()
    routes: tuple[HostRoute, ...] | None = None
    """The routes that the labels of a proxy say; None where none do."""
