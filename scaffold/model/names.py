"""The closed sets of words that reports, files and folders share (design page, section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum


class Layer(StrEnum):
    """The layers of an audit, in the order of the report; also the folder names below gaps/."""

    IMAGE = "image"
    COMPOSE = "compose"
    CONFIG = "config"
    SECRETS = "secrets"
    IAC = "iac"
    KUBERNETES = "kubernetes"
    NETWORK = "network"
    CI = "ci"
    SUPPLY_CHAIN = "supply-chain"
    METRICS = "metrics"
    ALERTING = "alerting"
    LOGGING = "logging"
    TRACING = "tracing"
    BACKUP = "backup"
    SCALING = "scaling"
    DOCS = "docs"


class LayerState(StrEnum):
    """How much of a layer the files show; inert means configured but not wired or not reachable."""

    ABSENT = "absent"
    PARTIAL = "partial"
    INERT = "inert"
    PRESENT = "present"


class Severity(IntEnum):
    """How bad a gap is; comparable."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def word(self) -> str:
        """The lower-case word of reports and options."""
        return self.name.lower()

    def lowered(self, steps: int) -> Severity:
        """Return the severity `steps` lower, at least info."""
        return Severity(max(Severity.INFO, self - steps))


class Confidence(StrEnum):
    """How sure a rule is; low shows only with --all."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Cause(StrEnum):
    """Which findings of one rule have one cause, so that one decision mends them all; files that are variants count as one."""

    SUBJECT = "subject"
    """The same subject of the same service with the same fault: in variants alone."""
    SERVICE = "service"
    """Everything of one service, such as the ports of a store."""
    VARIABLE = "variable"
    """The same subject in whatever service of the stacks in one folder, which one env file sets."""
    STACK = "stack"
    """Everything in one stack, such as the services that wait for nothing."""
    PROJECT = "project"
    """Everything in the project."""
    VALUE = "value"
    """The same value, whatever it is called and wherever it stands; the kind of a finding tells which one it is."""


class EnvironmentClass(StrEnum):
    """What a stack or file is for."""

    PRODUCTION = "production"
    BASE = "base"
    STAGING = "staging"
    DEV = "dev"
    TEST = "test"
    EXAMPLE = "example"

    @property
    def severity_steps(self) -> int:
        """How many steps a finding loses here: two in dev, test and example (catalogue, section 3)."""
        return 2 if self in TRIED else 0


def closest_to_production(
    classes: Iterable[EnvironmentClass], default: EnvironmentClass = EnvironmentClass.BASE
) -> EnvironmentClass:
    """Return the first class that costs a finding the fewest steps, `default` where there is no class."""
    return min(classes, key=lambda item: item.severity_steps, default=default)


TRIED = frozenset({EnvironmentClass.DEV, EnvironmentClass.TEST, EnvironmentClass.EXAMPLE})
"""The classes of what people develop, test and show with: none of it runs in production."""


class Role(StrEnum):
    """What a service does."""

    POSTGRES = "postgres"
    MYSQL = "mysql"
    MONGO = "mongo"
    CLICKHOUSE = "clickhouse"
    REDIS = "redis"
    CACHE = "cache"
    VECTOR_DB = "vector-db"
    SEARCH = "search"
    BROKER = "broker"
    OBJECT_STORE = "object-store"
    WEB = "web"
    WORKER = "worker"
    SCHEDULER = "scheduler"
    FRONTEND = "frontend"
    PROXY = "proxy"
    ONE_SHOT = "one-shot"
    E2E = "e2e"
    MONITORING = "monitoring"
    LOGGING = "logging"
    TRACING = "tracing"
    ADMIN_UI = "admin-ui"
    MOCK = "mock"
    ML_INFERENCE = "ml-inference"


DATASTORES = frozenset(
    {
        Role.POSTGRES,
        Role.MYSQL,
        Role.MONGO,
        Role.CLICKHOUSE,
        Role.REDIS,
        Role.VECTOR_DB,
        Role.SEARCH,
        Role.BROKER,
        Role.OBJECT_STORE,
    }
)
APPLICATION = frozenset({Role.WEB, Role.WORKER, Role.SCHEDULER, Role.FRONTEND})


class Room(StrEnum):
    """The rooms of generate."""

    TERRAFORM = "terraform"
    HELM = "helm"
    OVERLAYS = "overlays"
    MONITORING = "monitoring"
    WORKFLOWS = "workflows"
    ENV = "env"
    BACKUP = "backup"
    GUIDES = "guides"
    EDITS = "edits"


FILE_ROOMS = (Room.TERRAFORM, Room.HELM, Room.OVERLAYS, Room.MONITORING, Room.BACKUP, Room.WORKFLOWS, Room.ENV, Room.GUIDES)
"""The rooms that write files in this version, in the order in which they are shown."""
