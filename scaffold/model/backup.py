"""The backup part of the plan: what is copied, how, how often, for how long, where to, and what is not and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from scaffold.model.backup_images import PYTHON
from scaffold.model.frozen import frozen
from scaffold.model.monitoring import Remark, SecretFile, Variable

_ALWAYS = ("common.sh", "repository.sh", "ship.sh", "fetch.sh", "verify.sh")
_OF_KIND = {
    "postgres": ("dump-postgres.sh", "restore-postgres.sh"),
    "mysql": ("dump-mysql.sh", "restore-mysql.sh"),
    "redis": ("dump-redis.sh", "restore-redis.sh"),
    "chroma": ("dump-chroma.sh", "chroma-snapshot.py", "restore-files.sh"),
    "files": ("dump-sqlite.sh", "sqlite-snapshot.py", "restore-files.sh"),
}
FILES = "files"
"""The kind of a volume or a folder: its SQLite databases are dumped, the rest is copied file by file."""


def scripts_of(kinds: Iterable[str]) -> frozenset[str]:
    """Return the scripts that copy, check and restore what is of these kinds, on a host and in a cluster."""
    return frozenset({*_ALWAYS, *(name for kind in kinds for name in _OF_KIND[kind])})


@frozen
class TestedCopy:
    """One leg of the restore test: what it is called, its kind, the image that serves it, and where that has its data."""

    name: str
    kind: str
    image: str
    data: str


@frozen
class BackupBuild:
    """A build of the project's own, as the overlay repeats it: paths relative to the project directory and the context."""

    context: str
    dockerfile: str
    target: str
    args: tuple[tuple[str, str], ...] = field(repr=False)
    """Arguments in Compose's syntax: variables stand as references."""


@frozen
class BackupStore:
    """A store that a container of its own dumps on a schedule."""

    service: str
    """The compose service of the store."""
    kind: str
    """`postgres`, `mysql`, `redis` or `chroma`."""
    dumper: str
    """The service of the overlay that dumps it."""
    image: str
    """The image that runs the dump, in Compose's syntax: the store's own, so that client and server are of one version; ""
    where only the build of the project knows that version.
    """
    networks: tuple[str, ...]
    profiles: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Entries in Compose's syntax: credentials stand as references, never as text."""
    secrets: tuple[SecretFile, ...] = ()
    """Secrets of the base that hold a password; the variable of each entry is named in `secret_variable`."""
    secret_variable: str = ""
    volume: str = ""
    """The named volume with the store's data: read by the dump of a Chroma, written by the restore of a Redis or Chroma."""
    data: str = ""
    """Where the store has that volume."""
    restorer: str = ""
    """The service that puts a dump back into the volume, "" where the dumper does it over the network."""
    append_only: bool = False
    """For a Redis: whether it starts from an append-only file."""
    version: str = ""
    """The version of the store by its tag, "" when unknown."""
    server: str = ""
    """The image that runs the store, in Compose's syntax, where that is not the one that dumps."""
    build: BackupBuild | None = None
    """How the store's image is built, where no image of that version is known."""


@frozen
class BackupVolume:
    """A volume of the application, or a folder of the host, that is copied file by file while the application runs."""

    name: str
    """The named volume; for a folder a name that no volume has."""
    services: tuple[str, ...]
    folder: str = ""
    """The folder of the host in Compose's syntax, "" for a named volume."""

    @property
    def databases(self) -> str:
        """What the copies of the SQLite databases in it are called."""
        return f"databases-{self.name}"

    @property
    def title(self) -> str:
        """What people call it: the volume, or the folder."""
        return self.folder or self.name


@frozen
class Retention:
    """How many copies of each store and volume are kept: the newest, then one a day, a week, a month."""

    last: int = 8
    daily: int = 14
    weekly: int = 8
    monthly: int = 12


def _known_image(store: BackupStore) -> str:
    """Return the image that serves a store, without variables, "" when it is not known."""
    image = store.server or store.image
    if "$" not in image:
        return image
    return f"{_OFFICIAL[store.kind]}:{store.version}" if store.version else ""


_OFFICIAL = {"postgres": "postgres", "mysql": "mysql", "redis": "redis", "chroma": "chromadb/chroma"}


@frozen
class BackupPlan:
    """Every decision about backups that more than one output shares."""

    folder: str
    """Where the scripts go, relative to the project's root."""
    overlay: str
    directory: str
    """The project directory that Compose resolves paths against, "" for the root."""
    shipper: str
    """The service that encrypts and sends, fetches and verifies."""
    restorer: str
    """The service that puts files back into volumes, "" when there are none."""
    sqlite: str
    """The service that copies the SQLite databases in volumes and folders, "" when there are none of these."""
    staging: str
    """The named volume between the dumps and the shipping."""
    network: str
    """The network of the shipper, which reaches no store."""
    key: str
    """The secret of Compose with the key of the repository."""
    stores: tuple[BackupStore, ...]
    volumes: tuple[BackupVolume, ...]
    left_out: tuple[Remark, ...]
    """Stores and volumes that are not copied, each with the reason."""
    variables: tuple[Variable, ...]
    """What the overlay cannot start without."""
    options: tuple[Variable, ...]
    """What may be set, each with its default or its meaning."""
    interval_hours: int = 6
    offset_minutes: int = 15
    retention: Retention = Retention()
    workflow: str = ".github/workflows/backup-restore.yml"
    """The workflow that restores what the scripts backed up, on throwaway stores."""

    @property
    def tested(self) -> tuple[TestedCopy, ...]:
        """What the workflow restores: every store whose image is known without variables, and files of its own making."""
        found = [
            TestedCopy(store.service, store.kind, image, store.data) for store in self.stores if (image := _known_image(store))
        ]
        return (*found, *([TestedCopy("volume-files", FILES, PYTHON, "")] if self.volumes else []))

    @property
    def loses_at_most(self) -> str:
        """The recovery point objective that the schedule gives, in words: the interval, and the hour that a copy may take."""
        return f"{self.interval_hours + 1} hours"

    @property
    def asked(self) -> tuple[Variable, ...]:
        """What the env templates list: what is needed, and what may be set."""
        return (*self.variables, *self.options)

    @property
    def overlays(self) -> tuple[str, ...]:
        """The compose files that the production set gets."""
        return (self.overlay,)
