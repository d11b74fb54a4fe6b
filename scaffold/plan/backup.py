"""Plans the backups: which stores and volumes of the production stack are copied, with what, and which are not and why."""

from __future__ import annotations

import posixpath

from scaffold.model.backup import BackupBuild, BackupPlan, BackupStore, BackupVolume
from scaffold.model.backup_images import PYTHON
from scaffold.model.compose import EnvValue, Mount, Service, Stack
from scaffold.model.copied_files import beside, folders_left_out, folders_to_copy, places_to_copy, volumes_to_copy
from scaffold.model.document import Mapping, Node, Scalar, find
from scaffold.model.durability import WATCHERS, backup_way, chroma_volume, is_durable_store, stores_to_copy
from scaffold.model.gap import Gap
from scaffold.model.monitoring import MonitoringPlan, Remark, SecretFile, Variable
from scaffold.model.names import Role
from scaffold.model.other_stores import is_store, other_store
from scaffold.model.postgres_images import postgres_login
from scaffold.model.probes import given_port
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import dns_label
from scaffold.plan.monitoring.exporters import granted_secret, text_of_env
from scaffold.plan.monitoring.free import Taken, networks_of
from scaffold.plan.monitoring.passwords import postgres_password, postgres_user
from scaffold.plan.monitoring.references import plain_text, redis_password, secret_reference

_ASKED_BY = frozenset({"BCK000", "BCK001", "BCK002", "BCK003"})
_EVERY_STORE = frozenset({"BCK000", "BCK002", "BCK003"})
_OVERLAY = "compose.backup.yaml"
_REQUIRED = regex(r"\$\{([A-Za-z_]\w*):\?")


def plan_backup(project: Project, gaps: tuple[Gap, ...], monitoring: MonitoringPlan | None) -> BackupPlan | None:
    """Return the backups of a project that was read without scaffold's files, or None when nothing is left to copy."""
    stack = project.main_stack
    asking = {gap.code for gap in gaps} & _ASKED_BY
    if stack is None or not asking:
        return None
    wanted = _wanted(project, stack, gaps if not asking & _EVERY_STORE else ())
    taken = _taken(project, stack, monitoring)
    stores = tuple(_store(project, service, stack, taken) for service in wanted)
    volumes = (*_volumes(stack), *_folders(project, stack)) if asking & _EVERY_STORE else ()
    if not stores and not (volumes and _files_ask(gaps) and places_to_copy(project)):
        return None
    prefix = f"{stack.directory}/" if stack.directory else ""
    copied = {store.service for store in stores}
    return BackupPlan(
        folder=_folder(project, prefix),
        overlay=taken.path(f"{prefix}{_OVERLAY}", f"{prefix}compose.backups.yaml"),
        directory=stack.directory,
        shipper=taken.service("backup-off-host"),
        restorer=taken.service("restore-files") if volumes or any(store.kind == "chroma" for store in stores) else "",
        sqlite=taken.service("backup-databases") if volumes else "",
        staging=taken.volume("backup_staging"),
        network=taken.network("backup"),
        key="backup-password",
        stores=stores,
        volumes=volumes,
        left_out=_left_out(project, stack, copied, {volume.name for volume in volumes}, {store.volume for store in stores}),
        variables=_variables(stores),
        options=(*_OPTIONS, *([_MAY_BE_EMPTY] if volumes else [])),
        workflow=_workflow(project),
    )


def _files_ask(gaps: tuple[Gap, ...]) -> bool:
    """Whether a gap waits for copies that need no store."""
    return any(gap.code == "BCK000" and any(closer.kind == "files" for closer in gap.closes) for gap in gaps)


def _wanted(project: Project, stack: Stack, named_by: tuple[Gap, ...]) -> tuple[Service, ...]:
    """Return the stores to copy: those that gaps name, where backups of the project's own cover the others."""
    named = {gap.resource for gap in named_by if gap.code == "BCK001"}
    return tuple(service for service in stores_to_copy(project) if not named or stack.resource(service.name) in named)


def _taken(project: Project, stack: Stack, monitoring: MonitoringPlan | None) -> Taken:
    taken = Taken.by(project, stack)
    if monitoring:
        taken.services |= {item.service for item in monitoring.components}
        taken.volumes |= {item.volume for item in monitoring.components}
        taken.networks |= set(monitoring.new_networks)
    return taken


def _folder(project: Project, prefix: str) -> str:
    """Return the folder for the scripts; theirs of the same name stay, unless one of the files would be in the way."""
    folder = f"{prefix}scripts/backup"
    taken = any(path.startswith(f"{folder}/") and path.endswith((".sh", "README.md")) for path in project.files)
    return f"{folder}-scaffold" if taken or folder in project.files else folder


def _workflow(project: Project) -> str:
    wanted = ".github/workflows/backup-restore.yml"
    return wanted if wanted not in set(project.files) - project.owned else ".github/workflows/backup-restore-scaffold.yml"


# --- stores -----------------------------------------------------------------------------------------------------------


def _image(service: Service) -> str:
    """Return the image that dumps a store, in Compose's syntax; for one that is built here the official one of its version."""
    kind = backup_way(service)
    if kind == "chroma":
        return PYTHON
    if service.build:
        return f"{kind}:{service.datastore_version}" if service.datastore_version else ""
    node = service.node.get("image")
    return (node.raw or node.value) if isinstance(node, Scalar) else ""


def _build(service: Service, stack: Stack) -> BackupBuild | None:
    """Return the build of a store whose version no file says: the dump runs in the image of the store then."""
    build = service.build
    if build is None or service.datastore_version or build.context is None:
        return None
    dockerfile = posixpath.relpath(build.dockerfile or "Dockerfile", build.context or ".")
    args = find(service.node, "build", "args")
    if isinstance(args, Mapping):
        pairs = tuple((entry.key.value, _raw(entry.value)) for entry in args.entries)
    else:
        texts = (_raw(item).partition("=") for item in getattr(args, "items", ()))
        pairs = tuple((name, value if equals else f"${{{name}}}") for name, equals, value in texts)
    return BackupBuild(beside(build.context, stack), dockerfile, build.target, pairs)


def _raw(node: Node | None) -> str:
    """Return a scalar as it stands in the file."""
    return (node.raw or node.value) if isinstance(node, Scalar) else ""


def _store(project: Project, service: Service, stack: Stack, taken: Taken) -> BackupStore:
    kind = backup_way(service)
    environment, secret, variable = {
        "postgres": _postgres,
        "mysql": _mysql,
        "redis": _redis,
        "chroma": _chroma,
    }[kind](project, service, stack)
    data = chroma_volume(service) if kind == "chroma" else _redis_volume(service) if kind == "redis" else None
    return BackupStore(
        service=service.name,
        kind=kind,
        dumper=taken.service(f"backup-{service.name}"),
        image=_image(service),
        networks=networks_of(service)[:1] if kind != "chroma" else (),
        profiles=service.profiles,
        environment=tuple(environment),
        secrets=(SecretFile(secret),) if secret else (),
        secret_variable=variable if secret else "",
        volume=data.source if data else "",
        data=data.target if data else "",
        restorer=taken.service(f"restore-{service.name}") if kind == "redis" and data else "",
        append_only=kind == "redis" and "appendonly" in " ".join(service.command or ()),
        version=service.datastore_version,
        server=_raw(service.node.get("image")) if kind == "chroma" else "",
        build=_build(service, stack),
    )


_Login = tuple[list[tuple[str, str]], str, str]


def _address(host: str, port: str, service: Service) -> list[tuple[str, str]]:
    """Return the variables of host and port; the port only where it is not the usual one."""
    given = given_port(service)
    return [(host, service.name), *([(port, str(given))] if given else [])]


def _postgres(project: Project, service: Service, stack: Stack) -> _Login:
    environment = [*_address("PGHOST", "PGPORT", service), ("PGUSER", postgres_user(project, stack, service))]
    variable = postgres_login(service).password
    secret = granted_secret(service, service.env(f"{variable}_FILE"))
    if secret:
        return environment, secret, "PGPASSWORD_FILE"
    if service.env(variable) is None and text_of_env(service, "POSTGRES_HOST_AUTH_METHOD") == "trust":
        return environment, "", ""
    return [*environment, ("PGPASSWORD", postgres_password(service, stack)[0])], "", ""


def _mysql(project: Project, service: Service, stack: Stack) -> _Login:  # noqa: ARG001 - one signature for every kind
    address = _address("MYSQL_HOST", "MYSQL_PORT", service)
    for prefix in ("MYSQL", "MARIADB"):
        secret = granted_secret(service, service.env(f"{prefix}_ROOT_PASSWORD_FILE"))
        if secret:
            return [*address, ("MYSQL_USER", "root")], secret, "MYSQL_PWD_FILE"
        entry = service.env(f"{prefix}_ROOT_PASSWORD")
        if entry is not None:
            return [*address, ("MYSQL_USER", "root"), ("MYSQL_PWD", _password(entry, service))], "", ""
    user = service.env("MYSQL_USER") or service.env("MARIADB_USER")
    password = service.env("MYSQL_PASSWORD") or service.env("MARIADB_PASSWORD")
    named = plain_text(user, "root", service.name)
    text = secret_reference(password, "MYSQL_PASSWORD" if user else "MYSQL_ROOT_PASSWORD", service.name)[0]
    return [*address, ("MYSQL_USER", named), ("MYSQL_PWD", text)], "", ""


def _password(entry: EnvValue, service: Service) -> str:
    return secret_reference(entry, entry.name, service.name)[0]


def _redis(project: Project, service: Service, stack: Stack) -> _Login:  # noqa: ARG001 - one signature for every kind
    environment = _address("REDIS_HOST", "REDIS_PORT", service)
    password = redis_password(service, "REDIS_PASSWORD")
    if password:
        environment.append(("REDISCLI_AUTH", password[0]))
    elif any(mount.target.endswith(".conf") for mount in service.mounts):
        # Its configuration file may ask for one; nothing is sent where the variable is empty.
        environment.append(("REDISCLI_AUTH", "${REDIS_PASSWORD:-}"))
    return environment, "", ""


def _chroma(project: Project, service: Service, stack: Stack) -> _Login:  # noqa: ARG001 - one signature for every kind
    return [("CHROMA_DATA", "/source")], "", ""


def _redis_volume(service: Service) -> Mount | None:
    return next((mount for mount in service.mounts if mount.kind == "volume" and mount.source and not mount.read_only), None)


# --- volumes ----------------------------------------------------------------------------------------------------------


def _volumes(stack: Stack) -> tuple[BackupVolume, ...]:
    return tuple(BackupVolume(name, services) for name, services in volumes_to_copy(stack).items())


def _folders(project: Project, stack: Stack) -> tuple[BackupVolume, ...]:
    users: dict[str, list[str]] = {}
    for service, _, text in folders_to_copy(project, stack):
        users.setdefault(text, []).append(service.name)
    taken = {volume.name for volume in stack.volumes}
    found = []
    for text, services in sorted(users.items()):
        wanted = dns_label(posixpath.basename(text.rstrip("/}")))
        candidates = (wanted, f"{wanted}-folder", *(f"{wanted}-folder-{number}" for number in range(2, len(users) + 2)))
        name = next(name for name in candidates if name not in taken)
        taken.add(name)
        found.append(BackupVolume(name, tuple(sorted(set(services))), text))
    return tuple(found)


def _left_out(project: Project, stack: Stack, stores: set[str], volumes: set[str], of_stores: set[str]) -> tuple[Remark, ...]:
    remarks = [
        Remark(service.name, _why_not(project, service))
        for service in stack.services
        if is_store(service) and service.name not in stores
    ]
    kept_by: dict[str, Service] = {}
    for service in stack.services:
        for mount in service.mounts:
            if mount.kind == "volume" and mount.source and mount.source not in volumes | of_stores:
                kept_by.setdefault(mount.source, service)
    remarks += [Remark(name, _why_not_volume(service)) for name, service in kept_by.items()]
    remarks += [Remark(name, reason) for name, reason in folders_left_out(project, stack)]
    return tuple(sorted(set(remarks), key=lambda remark: (remark.subject, remark.text)))


def _why_not(project: Project, service: Service) -> str:
    if not is_durable_store(project, service):
        return "a cache or a message broker: nothing in it outlives what the other stores hold"
    other = other_store(service)
    if other is not None:
        # The page that says so shows marks as they are.
        way = other.way.replace("`", "")
        return f"scaffold has no tested way to copy it while it runs: use {way}"
    if service.network_mode:
        return f"its network_mode {service.network_mode} keeps other containers away from it"
    if service.role is Role.VECTOR_DB:
        return "use its snapshot API, or stop it and copy its volume: a copy of the files while it runs is none"
    if service.role in {Role.SEARCH, Role.CLICKHOUSE, Role.MONGO, Role.OBJECT_STORE}:
        return "scaffold has no tested way to copy it while it runs: use its own backup program, or stop it and copy its volume"
    return "its image is built from outside of this repository and does not say which version of the client can dump it"


def _why_not_volume(service: Service) -> str:
    if is_store(service):
        return f"the files of {service.name} while it runs are no backup: its dump is, where there is one"
    if service.has_role(*WATCHERS):
        return f"{service.name} can do without what is in it"
    return "by its name and place it holds logs, caches or what is made again"


# --- variables --------------------------------------------------------------------------------------------------------

_OPTIONS = (
    Variable(
        "BACKUP_ACCESS_KEY_ID", "the key of the object store; not needed where the host has a role of its own", optional=True
    ),
    Variable("BACKUP_SECRET_ACCESS_KEY", "the secret of that key", optional=True),
    Variable("BACKUP_REGION", "the region of the bucket, where the object store asks for one", optional=True),
    Variable("BACKUP_INTERVAL", "seconds between two copies (21600: six hours)", optional=True),
    Variable("BACKUP_KEEP_LAST", "how many of the newest copies stay (8)", optional=True),
    Variable("BACKUP_KEEP_DAILY", "for how many days one copy stays (14)", optional=True),
    Variable("BACKUP_KEEP_WEEKLY", "for how many weeks one copy stays (8)", optional=True),
    Variable("BACKUP_KEEP_MONTHLY", "for how many months one copy stays (12)", optional=True),
)
_MAY_BE_EMPTY = Variable(
    "BACKUP_MAY_BE_EMPTY",
    "volumes, by the names that the log gives and with blanks between, that may have lost their last file or database",
    optional=True,
)


def _variables(stores: tuple[BackupStore, ...]) -> tuple[Variable, ...]:
    own = (
        Variable("BACKUP_REPOSITORY", "where the copies go: s3:https://s3.<region>.amazonaws.com/<bucket>/<folder>"),
        Variable("BACKUP_PASSWORD", "the key that encrypts them: keep it where the host is not, without it they are lost"),
    )
    logins = {
        name: Variable(name, f"{store.dumper} logs in to {store.service} with it: the text that {store.service} has now")
        for store in stores
        for _, text in store.environment
        for name in _REQUIRED.findall(text)
    }
    return (*own, *(logins[name] for name in sorted(logins)))
