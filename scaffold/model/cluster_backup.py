"""What the cluster copies itself: stores that no service of AWS runs there, and volumes of the application."""

from __future__ import annotations

from scaffold.model.backup import Retention
from scaffold.model.frozen import frozen
from scaffold.model.monitoring import Remark
from scaffold.model.workload import Piece, Text, Variable

BACKUP_SECRET = "backup"  # noqa: S105 - the name of a secret
"""The Secret with the key of the repositories; the host that runs Compose reads the same one."""
BACKUP_KEY = "BACKUP_PASSWORD"
"""The key in that Secret, which is the variable of Compose too."""
NETWORK_KINDS = frozenset({"postgres", "mysql", "redis"})
"""The stores that are dumped over the network; the others by their files."""


@frozen
class ClusterBackupJob:
    """One CronJob: what it copies, from whom, in which image, and as whom."""

    item: str
    """The name of the copies in their repository: the store's, or `volume-<claim>`."""
    name: str
    """The CronJob that copies, a DNS label of at most 52 characters."""
    restore: str
    """The suspended CronJob that a restore is started from, "" for a Redis without a volume."""
    kind: str
    """`postgres`, `mysql`, `redis`, `chroma` or `files`."""
    workloads: tuple[str, ...]
    """The store, or everything that mounts the volume."""
    schedule: str
    """Five fields of cron, in UTC."""
    image: str = ""
    """The image that dumps, "" where the project builds it (`built`)."""
    built: str = ""
    port: int = 0
    environment: tuple[Variable, ...] = ()
    """The login at the store; what comes out of a secret is mounted as a file."""
    claim: str = ""
    """The volume with the data, "" for a store that is dumped and restored over the network."""
    sub_path: str = ""
    shared: bool = False
    """Whether the volume can be mounted on any node; else the job has to run where the volume is."""
    running: tuple[str, ...] = ()
    """The workloads whose pods hold the volume all the time."""
    user: int | None = None
    """Who owns the files, None when nobody knows: the job is root then, and reads the files of everybody."""
    group: int | None = None

    @property
    def over_network(self) -> bool:
        """Whether the store is dumped over the network."""
        return self.kind in NETWORK_KINDS


@frozen
class ClusterBackupPlan:
    """Every decision about the backups of the cluster."""

    account: str
    """The service account, which may write to the bucket for backups and may do nothing else."""
    check: str
    """The CronJob that reads the newest copies every week."""
    jobs: tuple[ClusterBackupJob, ...]
    left_out: tuple[Remark, ...]
    retention: Retention = Retention()
    interval_hours: int = 6

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of what is copied."""
        return frozenset(job.kind for job in self.jobs)

    @property
    def loses_at_most(self) -> str:
        """The recovery point objective that the schedule gives, in words: the interval, and the hour that a copy may take."""
        return f"{self.interval_hours + 1} hours"


def variable_text(environment: tuple[Variable, ...], name: str) -> Text | None:
    """Return the value of a variable, with references to other variables of the same container replaced; None for none."""
    known = {variable.name: variable.value for variable in environment}
    return resolved(known[name], environment) if name in known else None


def resolved(text: Text, environment: tuple[Variable, ...], depth: int = 0) -> Text:
    """Return a text in which no piece is a reference to a variable of `environment`."""
    known = {variable.name: variable.value for variable in environment}
    parts: list[Piece] = []
    for piece in text:
        if piece.kind == "env" and depth < len(known):
            parts += resolved(known.get(piece.text, ()), environment, depth + 1)
        else:
            parts.append(piece)
    return tuple(parts)
