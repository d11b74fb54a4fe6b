"""Plans what the cluster copies itself: its own stores and the volumes of the application; AWS copies what it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from scaffold.model.backup import FILES
from scaffold.model.backup_images import PYTHON
from scaffold.model.cluster_backup import (
    BACKUP_KEY,
    BACKUP_SECRET,
    NETWORK_KINDS,
    ClusterBackupJob,
    ClusterBackupPlan,
    resolved,
    variable_text,
)
from scaffold.model.compose import Service, Stack
from scaffold.model.durability import (
    CHROMA_FOLDERS,
    CHROMA_IMAGES,
    WATCHERS,
    is_durable_store,
    is_made_again,
)
from scaffold.model.frozen import frozen
from scaffold.model.monitoring import Remark
from scaffold.model.names import DATASTORES, Layer, Role
from scaffold.model.project import Project
from scaffold.model.target import Secret, SecretKey
from scaffold.model.values import dns_label
from scaffold.model.workload import PersistentVolume, Piece, Text, Variable, Workload, WorkloadMount, WorkloadPlan, literal

_NAME_LENGTH = 52
"""The longest name of a CronJob: Kubernetes adds eleven characters for its Jobs."""
_PORTS = {"postgres": 5432, "mysql": 3306, "redis": 6379}
_KEEP_NOTHING = WATCHERS | {Role.PROXY, Role.CACHE}
_INTERVAL_HOURS = 6
_FIRST_MINUTE, _BETWEEN = 15, 7
"""Minutes after the hour of the first job, and from one job to the next."""


@frozen
class _Login:
    """How a dump logs in, or why it cannot."""

    environment: tuple[Variable, ...] = ()
    missing: str = ""


def plan_cluster_backup(project: Project, stack: Stack, running: WorkloadPlan) -> ClusterBackupPlan | None:
    """Return the backups of what the chart runs, or None where nothing of it has to be copied."""
    if Layer.BACKUP in project.configuration.external:
        return None
    names = {workload.name for workload in running.workloads}
    left: list[Remark] = []
    found: list[ClusterBackupJob] = []
    for workload in running.workloads:
        service = stack.service(workload.service)
        if service is None or workload.role not in DATASTORES:
            continue
        job = _store(project, service, workload, running)
        if isinstance(job, Remark):
            left.append(job)
        else:
            found.append(job)
    users = {workload.name: workload for workload in running.workloads}
    for volume in running.volumes:
        reason = _why_not_files(volume, users)
        if reason:
            left.append(Remark(volume.name, reason))
        elif not any(users[name].role in DATASTORES for name in volume.workloads):
            found.append(_files(volume, users))
    jobs = tuple(_named(job, number, names) for number, job in enumerate(found))
    if not jobs:
        return None
    return ClusterBackupPlan(
        account=_free("backup", names),
        check=_free("backup-check", {*names, *(job.name for job in jobs)}),
        jobs=jobs,
        left_out=tuple(sorted(left, key=lambda remark: remark.subject)),
        interval_hours=_INTERVAL_HOURS,
    )


def backup_secret(plan: ClusterBackupPlan) -> Secret:
    """Return the secret that people fill in once: whoever loses it loses every copy."""
    return Secret(BACKUP_SECRET, "application", (SecretKey(BACKUP_KEY, ((plan.account, BACKUP_KEY),)),))


def _named(job: ClusterBackupJob, number: int, taken: set[str]) -> ClusterBackupJob:
    minute = (_FIRST_MINUTE + number * _BETWEEN) % 60
    return replace(
        job,
        name=_free(dns_label(f"backup-{job.item}", _NAME_LENGTH), taken),
        restore=_free(dns_label(f"restore-{job.item}", _NAME_LENGTH), taken) if job.claim or job.kind != "redis" else "",
        schedule=f"{minute} */{_INTERVAL_HOURS} * * *",
    )


def _free(name: str, taken: Iterable[str]) -> str:
    """Return a name that no workload has: its pods would be taken for those of the workload."""
    return name if name not in set(taken) else f"{name[: _NAME_LENGTH - 4]}-job"


# --- stores -----------------------------------------------------------------------------------------------------------


def _store(project: Project, service: Service, workload: Workload, running: WorkloadPlan) -> ClusterBackupJob | Remark:
    if not is_durable_store(project, service):
        return Remark(workload.name, "a cache or a message broker: nothing in it outlives what the other stores hold")
    kind = _kind(service)
    if not kind:
        return Remark(
            workload.name, "scaffold has no tested way to copy it while it runs: AWS Backup keeps its volume as it is"
        )
    login = _LOGINS[kind](workload) if kind in _LOGINS else _Login()
    if login.missing:
        return Remark(workload.name, login.missing)
    mount = _data(workload, kind)
    if mount is None and kind == "chroma":
        return Remark(workload.name, "it keeps its data in no volume: nothing of it survives its pod")
    volume = next((item for item in running.volumes if mount and item.name == mount.name), None)
    port = next((item.port for item in workload.ports), _PORTS.get(kind, 0))
    return ClusterBackupJob(
        item=workload.name,
        name="",
        restore="",
        kind=kind,
        workloads=(workload.name,),
        schedule="",
        image=PYTHON if kind == "chroma" else workload.image,
        built=workload.built if kind != "chroma" else "",
        port=port if kind in NETWORK_KINDS else 0,
        environment=(*login.environment, *_host(kind, workload.name, port)),
        claim=mount.name if mount else "",
        sub_path=mount.sub_path if mount else "",
        shared=bool(volume and volume.shared),
        running=(workload.name,),
        user=workload.security.user or None,
        group=workload.security.group,
    )


def _kind(service: Service) -> str:
    if service.network_mode:
        return ""
    if service.role in {Role.POSTGRES, Role.MYSQL}:
        return service.role.value
    image = service.image.repository if service.image else ""
    if service.role is Role.REDIS:
        return "" if "dragonfly" in image else "redis"
    return "chroma" if service.role is Role.VECTOR_DB and image.endswith(CHROMA_IMAGES) else ""


def _host(kind: str, name: str, port: int) -> tuple[Variable, ...]:
    if kind not in NETWORK_KINDS:
        return ()
    prefix = {"postgres": "PG", "mysql": "MYSQL_", "redis": "REDIS_"}[kind]
    values = {"HOST": name, "PORT": str(port)}
    return tuple(Variable(f"{prefix}{key}", literal(value), "backup") for key, value in values.items())


def _data(workload: Workload, kind: str) -> WorkloadMount | None:
    """Return the mount with the data of a store that is copied, or restored, by its files."""
    mounts = [mount for mount in workload.mounts if mount.kind == "volume" and not mount.read_only]
    if kind == "chroma":
        return next((mount for mount in mounts if mount.path.startswith(CHROMA_FOLDERS)), None)
    return next(iter(mounts), None) if kind == "redis" else None


def _secret_of(workload: Workload, *names: str) -> Text | None:
    """Return the value of the first variable that is set, or of the secret that `<name>_FILE` names; None for none."""
    for name in names:
        text = variable_text(workload.environment, name)
        if text:
            return text
        path = variable_text(workload.environment, f"{name}_FILE")
        place = path[0].text if path and len(path) == 1 and path[0].kind == "literal" else ""
        for mount in workload.mounts:
            if place and mount.kind == "secret" and mount.path == place:
                return (Piece("secret", mount.name, mount.key),)
    return None


def _postgres(workload: Workload) -> _Login:
    password = _secret_of(workload, "POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD")
    other = _secret_of(workload, "POSTGRES_PASS") if password is None else None
    user = _secret_of(workload, "POSTGRES_USER", "POSTGRESQL_USERNAME") or literal("docker" if other else "postgres")
    password = password or other
    trusting = variable_text(workload.environment, "POSTGRES_HOST_AUTH_METHOD") == literal("trust")
    if password is None and not trusting:
        return _Login(missing="neither POSTGRES_PASSWORD nor a file with it says how to log in: dump it by hand")
    login = {"PGUSER": user, **({"PGPASSWORD": password} if password else {})}
    return _Login(_variables(login))


def _mysql(workload: Workload) -> _Login:
    root = _secret_of(workload, "MYSQL_ROOT_PASSWORD", "MARIADB_ROOT_PASSWORD")
    if root:
        return _Login(_variables({"MYSQL_USER": literal("root"), "MYSQL_PWD": root}))
    user, password = (_secret_of(workload, f"MYSQL_{key}", f"MARIADB_{key}") for key in ("USER", "PASSWORD"))
    if user and password:
        return _Login(_variables({"MYSQL_USER": user, "MYSQL_PWD": password}))
    return _Login(missing="no variable or file of it says how to log in: dump it by hand")


def _redis(workload: Workload) -> _Login:
    words = (*(workload.command or ()), *(workload.args or ()))
    after = (words[place + 1] for place, word in enumerate(words[:-1]) if word == literal("--requirepass"))
    password = next(after, None) or variable_text(workload.environment, "REDIS_PASSWORD")
    append = any(piece.text == "--appendonly" for word in words for piece in word)
    login = {"REDISCLI_AUTH": resolved(password, workload.environment)} if password else {}
    return _Login(_variables({**login, **({"REDIS_APPENDONLY": literal("yes")} if append else {})}))


_LOGINS = {"postgres": _postgres, "mysql": _mysql, "redis": _redis}


def _variables(values: dict[str, Text]) -> tuple[Variable, ...]:
    return tuple(Variable(name, text, "backup") for name, text in values.items())


# --- volumes ----------------------------------------------------------------------------------------------------------


def _why_not_files(volume: PersistentVolume, users: dict[str, Workload]) -> str:
    """Return why a volume is not copied, "" where it is, or where the job of a store sees to it."""
    owners = [users[name] for name in volume.workloads]
    mounts = [mount for owner in owners for mount in owner.mounts if mount.kind == "volume" and mount.name == volume.name]
    if any(owner.role in DATASTORES for owner in owners):
        return ""
    if all(owner.role in _KEEP_NOTHING for owner in owners):
        return "its services can do without what is in it"
    if is_made_again(volume.volume or volume.name) or any(is_made_again(mount.path) for mount in mounts):
        return "by its name and place it holds logs, caches or what is made again"
    return "" if any(not mount.read_only for mount in mounts) else "nothing writes to it"


def _files(volume: PersistentVolume, users: dict[str, Workload]) -> ClusterBackupJob:
    owners = [users[name] for name in volume.workloads]
    accounts = {(owner.security.user or None, owner.security.group) for owner in owners}
    user, group = next(iter(accounts)) if len(accounts) == 1 else (None, None)
    running = tuple(owner.name for owner in owners if owner.kind != "job" and owner.scaling.replicas)
    return ClusterBackupJob(
        item=f"volume-{volume.name}",
        name="",
        restore="",
        kind=FILES,
        workloads=tuple(owner.name for owner in owners),
        schedule="",
        image=PYTHON,
        claim=volume.name,
        shared=volume.shared,
        running=running,
        user=user,
        group=group,
    )
