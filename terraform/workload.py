"""What ECS runs, as the plan tells it: a container with its texts still in pieces, because Terraform knows the values."""

from __future__ import annotations

from dataclasses import dataclass

from terraform.reader import Reader

_KINDS = "literal|setting|store|secret"


@dataclass(frozen=True, slots=True)
class Piece:
    """One part of a text: kind literal (the text), setting (its name), store (service and field), secret (name and key)."""

    kind: str
    text: str
    field: str


Text = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """One environment variable."""

    name: str
    value: Text


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that is no secret and may differ between environments; `required` where no default is known."""

    name: str
    default: str
    required: bool


@dataclass(frozen=True, slots=True)
class Port:
    """A port that the container listens at; `published` when the load balancer serves it."""

    port: int
    published: bool


@dataclass(frozen=True, slots=True)
class Mount:
    """One folder of the container: a volume of the plan by name, or with "" one that goes with the task."""

    volume: str
    path: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class Health:
    """The command that tells whether the container is well; times in seconds."""

    command: tuple[str, ...]
    interval: int
    timeout: int
    retries: int
    start: int


@dataclass(frozen=True, slots=True)
class Workload:
    """One task definition, with a service where kind is `service` and without one where it is `job`."""

    name: str
    service: str
    kind: str
    built: str
    """The name of the image of the plan that it runs, "" when `image` names one that is pulled."""
    image: str
    entry_point: tuple[Text, ...]
    command: tuple[Text, ...]
    working_dir: str
    user: str
    environment: tuple[Variable, ...]
    ports: tuple[Port, ...]
    health: Health | None
    path: str
    """What the load balancer asks for to know whether a task is well, "" where no path is known."""
    mounts: tuple[Mount, ...]
    read_only_root: bool
    cpu: int
    """In 1/1024 of a processor."""
    memory: int
    """In MiB."""
    stop_seconds: int
    replicas: int
    maximum: int
    singleton: bool


def read_setting(reader: Reader) -> Setting:
    """Return a setting of the plan."""
    return Setting(reader.text("name"), reader.text("default", empty=True), reader.flag("required"))


def read_workload(reader: Reader) -> Workload:
    """Return a workload of the plan."""
    return Workload(
        name=reader.matching("name", r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", "a DNS label"),
        service=reader.text("service"),
        kind=reader.matching("kind", r"service|job", "service or job"),
        built=reader.text("built", empty=True),
        image=reader.text("image", empty=True),
        entry_point=reader.lists("entry_point", _piece),
        command=reader.lists("command", _piece),
        working_dir=reader.text("working_dir", empty=True),
        user=reader.matching("user", r"([0-9]{1,10}(:[0-9]{1,10})?)?", "a number, or two with a colon"),
        environment=reader.each("environment", _variable),
        ports=reader.each("ports", _port),
        health=next(iter(reader.each("health", _health)), None),
        path=reader.text("path", empty=True),
        mounts=reader.each("mounts", _mount),
        read_only_root=reader.flag("read_only_root"),
        cpu=reader.number("cpu", 256, 16384),
        memory=reader.number("memory", 512, 122880),
        stop_seconds=reader.number("stop_seconds", 2, 120),
        replicas=reader.number("replicas", 0, 1000),
        maximum=reader.number("maximum", 0, 1000),
        singleton=reader.flag("singleton"),
    )


def _piece(reader: Reader) -> Piece:
    kind = reader.matching("kind", _KINDS, "literal, setting, store or secret")
    return Piece(kind, reader.text("text", empty=kind == "literal"), reader.text("field", empty=True))


def _variable(reader: Reader) -> Variable:
    return Variable(reader.text("name"), reader.each("value", _piece))


def _port(reader: Reader) -> Port:
    return Port(reader.port("port"), reader.flag("published"))


def _mount(reader: Reader) -> Mount:
    return Mount(reader.text("volume", empty=True), reader.text("path"), reader.flag("read_only"))


def _health(reader: Reader) -> Health:
    return Health(
        command=reader.texts("command"),
        interval=reader.number("interval", 5, 300),
        timeout=reader.number("timeout", 2, 60),
        retries=reader.number("retries", 1, 10),
        start=reader.number("start", 0, 300),
    )
