"""What a container mounts: volumes that survive, files of the repository, secrets as files, memory."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import field

from scaffold.model.built_in_env import built_in_env_file
from scaffold.model.compose import Mount, Service
from scaffold.model.compose_secrets import path_in_container, secret_file, used_objects
from scaffold.model.credential_files import FILE, FILE_IN_BASE64, is_binary_credential, is_placed_credential
from scaffold.model.document import Mapping, Sequence, find, scalars_of, text_of
from scaffold.model.env_templates import is_env_target
from scaffold.model.frozen import frozen
from scaffold.model.image_code import takes_one_of
from scaffold.model.image_users import image_user, is_plain_base
from scaffold.model.project import MountedFile
from scaffold.model.target import APPLICATION_SECRET
from scaffold.model.values import dns_label, parse_byte_size
from scaffold.model.workload import ConfigFile, Note, PersistentVolume, WorkloadMount
from scaffold.plan.mounted_env import STAND_IN, mounted_env_file
from scaffold.plan.workloads.scope import Scope

_OF_THE_HOST = frozenset({"/etc/localtime", "/etc/timezone", "/etc/hosts", "/etc/passwd", "/etc/group", "/etc/resolv.conf"})
_KEPT_EMPTY = frozenset({".gitkeep", ".keep", ".gitignore", "README", "README.md", "README.txt"})


@frozen
class Storage:
    """The mounts of one workload, what they need, and what does not carry over."""

    mounts: tuple[WorkloadMount, ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    """Label and compose name of each volume that survives."""
    files: tuple[tuple[str, tuple[tuple[str, bytes], ...]], ...] = field(default=(), repr=False)
    """Name and content of each set of files."""
    notes: tuple[Note, ...] = ()


class _Plan:
    """Collects the storage of one service."""

    def __init__(self, service: Service, scope: Scope, kind: str) -> None:
        self.service, self.scope = service, scope
        self.sub_path = "data" if kind == "stateful-set" else ""
        self.mounts: list[WorkloadMount] = []
        self.volumes: dict[str, str] = {}
        self.files: dict[str, tuple[tuple[str, bytes], ...]] = {}
        self.notes: list[Note] = []

    def note(self, mount: Mount, message: str) -> None:
        self.notes.append(Note(self.service.name, "volumes", message, mount.location))

    def keep(self, mount: Mount, name: str) -> None:
        label = dns_label(name, 50)
        self.volumes[label] = name
        sub_path = _sub_path(self.service, mount) or self.sub_path
        self.mounts.append(WorkloadMount("volume", label, mount.target, mount.read_only, sub_path))

    def add_files(self, target: str, source: str, files: tuple[tuple[str, bytes], ...], *, folder: bool) -> None:
        """Mount files of the repository; one that holds a secret comes out of the application's secret instead."""
        if any(self.scope.shows_secret(data.decode("utf-8", "replace")) for _, data in files):
            for name, _ in files:
                self.add_secret_file(posixpath.join(target, name) if folder else target, name)
            return
        label = dns_label(f"{self.scope.names[self.service.name]}-{posixpath.basename(source) or 'files'}", 50)
        while label in self.files:
            label = f"{label[:47]}-{len(self.files) + 1}"
        self.files[label] = files
        self.mounts.append(WorkloadMount("file", label, target, read_only=True, sub_path="" if folder else files[0][0]))

    def add_secret_file(self, target: str, name: str) -> None:
        """Mount a file whose whole text is a key of the application's secret."""
        binary = is_binary_credential(name)
        key = re.sub(r"[^A-Z0-9]+", "_", f"{self.scope.names[self.service.name]}_{name}".upper())
        key += FILE_IN_BASE64 if binary else FILE
        self.mounts.append(WorkloadMount("secret", APPLICATION_SECRET, target, read_only=True, key=key, base64=binary))


def plan_storage(service: Service, scope: Scope, kind: str) -> Storage:
    """Return what a service mounts."""
    plan = _Plan(service, scope, kind)
    for mount in service.mounts:
        _mount(mount, plan)
    _add_env_file(plan)
    _add_objects(plan)
    _add_shared_memory(plan)
    unique = {mount.path: mount for mount in plan.mounts if mount.path.startswith("/")}
    return Storage(tuple(unique.values()), tuple(plan.volumes.items()), tuple(plan.files.items()), tuple(plan.notes))


def _add_env_file(plan: _Plan) -> None:
    """Put an empty file where the program looks for its `.env`: an image that CI builds holds none."""
    needed = built_in_env_file(plan.scope.project, plan.service)
    if needed is not None:
        plan.add_files(needed.target, needed.path, ((posixpath.basename(needed.path), STAND_IN),), folder=False)
        place = needed.needed_at
        message = (
            f"{place.path}:{place.line} ends without {needed.target}: its variables stand in the environment, and it is empty"
        )
        plan.notes.append(Note(plan.service.name, "volumes", message, plan.service.location))


def _mount(mount: Mount, plan: _Plan) -> None:
    if mount.kind == "tmpfs":
        plan.mounts.append(WorkloadMount("memory", "", mount.target, size=_tmpfs_size(plan.service, mount)))
    elif mount.kind == "volume" and mount.source:
        plan.keep(mount, mount.source)
    elif mount.kind == "volume":
        if not _shadows_code(mount, plan):
            plan.mounts.append(WorkloadMount("empty", "", mount.target))
    elif mount.kind == "bind":
        _bind(mount, plan)
    else:
        plan.note(mount, f"a mount of the kind {mount.kind} has no counterpart: put the files into the image")


def _shadows_code(mount: Mount, plan: _Plan) -> bool:
    """Whether an anonymous volume only saves a folder of the image from a bind mount of the sources around it."""
    sources = [item for item in plan.service.mounts if item.kind == "bind" and _is_source(item, plan)]
    return any(mount.target.startswith(f"{item.target.rstrip('/')}/") for item in sources)


def _bind(mount: Mount, plan: _Plan) -> None:
    source = mount.source.rstrip("/")
    if source in _OF_THE_HOST:
        plan.note(mount, f"{source} of the host is not mounted: nodes are not the host that Compose ran on")
    elif mount.resolved is None:
        if source.startswith("~"):
            plan.note(mount, f"{source} lies in somebody's home folder and is not mounted")
        elif source.startswith("$"):
            _from_variable(mount, source, plan)
        else:
            plan.keep(mount, posixpath.basename(source) or posixpath.basename(mount.target) or "data")
            why = "becomes a volume of its own, which starts empty and which no program of a host reads"
            plan.note(mount, f"{source} of the host {why}")
    elif _is_source(mount, plan):
        plan.note(mount, f"{mount.source} is code of the repository{_what_holds_it(mount.resolved, plan)}")
    else:
        _from_repository(mount, mount.resolved, plan)


def _from_variable(mount: Mount, source: str, plan: _Plan) -> None:
    """Give what a container writes into a folder that a variable without a value names a volume of its own."""
    if mount.target.endswith(".sock"):
        plan.note(
            mount, f"{mount.target} is a socket of the host and is not mounted: nodes are not the host that Compose ran on"
        )
        return
    if mount.read_only:
        plan.note(mount, f"no file says what {source} is: it is read only and not mounted, so put what it holds into the image")
        return
    plan.keep(mount, re.sub(r"[\W_]+", "-", source).strip("-"))
    plan.note(mount, f"no file says which folder of the host {source} is: it becomes a volume of its own, which starts empty")


def _is_source(mount: Mount, plan: _Plan) -> bool:
    """Whether a bind mount lays the sources over the image: the folder of a build, or one with a manifest of packages."""
    folder = mount.resolved
    if folder is None or folder not in plan.scope.project.directories | {""}:
        return False
    contexts = [service.build.context for service in plan.scope.stack.services if service.build]
    inside = any(
        context is not None and (context == folder or context.startswith(f"{folder}/") or folder == "") for context in contexts
    )
    manifests = any(item.folder == folder or item.folder.startswith(f"{folder}/") for item in plan.scope.project.manifests)
    own = plan.service.build.context if plan.service.build else None
    below = own is not None and (own in {"", "."} or folder.startswith(f"{own}/"))
    return inside or manifests or (below and _holds_code(folder, plan))


def _holds_code(folder: str, plan: _Plan) -> bool:
    return any(_code_below(folder, plan))


def _code_below(folder: str, plan: _Plan) -> Iterator[str]:
    endings = (".py", ".js", ".ts", ".tsx", ".jsx", ".rb", ".go", ".rs", ".java", ".php", ".ex", ".cs", ".vue", ".html", ".css")
    prefix = f"{folder}/" if folder else ""
    return (path for path in plan.scope.project.files if path.startswith(prefix) and path.endswith(endings))


def _what_holds_it(folder: str, plan: _Plan) -> str:
    """Return how a note on mounted code ends: whether the image that the chart starts has it without the mount."""
    service, image = plan.service, plan.service.image
    dockerfile = plan.scope.project.image_of(service) if service.delivers_image else None
    if service.build is None and image is not None and (is_plain_base(image) or image_user(image)):
        return f", and {image} does not hold it: before the chart can run, build an image that copies it and name that one"
    if dockerfile is None or service.build is None or service.build.context is None:
        return ": the image has to hold it, and nothing here shows that it does"
    paths = (folder or ".", *_code_below(folder, plan))
    if takes_one_of(dockerfile, service.build.target, service.build.context, paths):
        return ": the image holds it"
    if any(_CLONE in item.text for stage in dockerfile.chain(service.build.target) for item in stage.instructions):
        return f": the image has what {dockerfile.path} clones, whatever lies here"
    return f", and {dockerfile.path} copies none of it: before the chart can run, let a COPY take it into the image"


_CLONE = "git clone"


def _from_repository(mount: Mount, source: str, plan: _Plan) -> None:
    files = {item.path: item.data for item in plan.scope.project.mounted if not item.template}
    template = next((item for item in plan.scope.project.mounted if item.template and item.path == source), None)
    if template is not None:
        _from_template(mount, template, plan)
        return
    if source in files:
        if mounted_env_file(plan.scope.project, mount) is not None:
            files[source] = STAND_IN
            plan.note(mount, f"the variables of {mount.source} stand in the environment, and the file is empty")
        plan.add_files(mount.target, source, ((posixpath.basename(source), files[source]),), folder=False)
        return
    below = {path: data for path, data in files.items() if path.startswith(f"{source}/")}
    if source in plan.scope.project.directories and below and not all(_name(path) in _KEPT_EMPTY for path in below):
        if sum(len(data) for data in below.values()) <= _MOST_BYTES:
            relative = tuple((path.removeprefix(f"{source}/"), data) for path, data in sorted(below.items()))
            plan.add_files(mount.target, source, relative, folder=True)
        else:
            plan.note(mount, f"{mount.source} is larger than a ConfigMap may be: put it into the image")
    elif is_placed_credential(plan.scope.project, mount):
        plan.add_secret_file(mount.target, _name(source))
    elif source in plan.scope.project.present or (source in plan.scope.project.directories and not below):
        plan.note(mount, f"{mount.source} is too large, or git does not track it: put it into the image")
    elif "." in _name(source).lstrip(".") or is_env_target(_name(source)):
        plan.note(mount, f"{mount.source} is not in the repository and is not mounted")
    else:
        plan.keep(mount, _name(source) or "data")


def _from_template(mount: Mount, file: MountedFile, plan: _Plan) -> None:
    """Mount what the template of a file says; the variables of an env file stand in the environment one by one."""
    is_env_file = is_env_target(mount.target)
    plan.add_files(mount.target, file.path, ((_name(file.path), STAND_IN if is_env_file else file.data),), folder=False)
    if is_env_file:
        plan.note(mount, f"the variables of {mount.source} stand in the environment, and the file is empty")
    else:
        plan.note(
            mount,
            f"{mount.source} is not in the repository: {file.template} is mounted until config in the values says otherwise",
        )


_MOST_BYTES = 900_000


def _name(path: str) -> str:
    return posixpath.basename(path)


def _sub_path(service: Service, mount: Mount) -> str:
    """Return the `subpath` of a long volume entry."""
    node = service.node.get("volumes")
    for item in node.items if isinstance(node, Sequence) else ():
        if text_of(find(item, "target")) == mount.target:
            return text_of(find(item, "volume", "subpath"))
    return ""


def _tmpfs_size(service: Service, mount: Mount) -> str:
    node = service.node.get("volumes")
    for item in node.items if isinstance(node, Sequence) else ():
        if text_of(find(item, "target")) == mount.target and (size := text_of(find(item, "tmpfs", "size"))):
            return str(parse_byte_size(size) or "")
    for scalar in scalars_of(service.node.get("tmpfs")):
        path, _, options = scalar.value.partition(":")
        match = re.search(r"(?:^|,)size=(\w+)", options)
        if path == mount.target and match:
            return str(parse_byte_size(match[1]) or "")
    return ""


def _add_shared_memory(plan: _Plan) -> None:
    size = parse_byte_size(text_of(plan.service.node.get("shm_size")))
    if size:
        plan.mounts.append(WorkloadMount("memory", "", "/dev/shm", size=str(size)))  # noqa: S108 - a path in the container


# --- configs and secrets of Compose -----------------------------------------------------------------------------------


def _add_objects(plan: _Plan) -> None:
    for source, target in used_objects(plan.service, "secrets"):
        path = path_in_container(source, target)
        login = _login_of(source, plan.scope)
        binary = not login and is_binary_credential(secret_file(plan.scope.stack, source) or source)
        key = _secret_key(source) + (FILE_IN_BASE64 if binary else "")
        name, key = (login, "password") if login else (APPLICATION_SECRET, key)
        plan.mounts.append(WorkloadMount("secret", name, path, read_only=True, key=key, base64=binary))
    for source, target in used_objects(plan.service, "configs"):
        data = _config_data(source, plan)
        path = target if target.startswith("/") else f"/{target or source}"
        if data is None:
            plan.notes.append(
                Note(plan.service.name, "configs", f"the config {source} is not in the repository", plan.service.location)
            )
        else:
            plan.add_files(path, source, ((posixpath.basename(path), data),), folder=False)


def _login_of(source: str, scope: Scope) -> str:
    """Return the secret of the managed store that takes its password from this secret of Compose, "" where none does."""
    for name, store in sorted(scope.stores.items()):
        service = scope.stack.service(name)
        for used, target in used_objects(service, "secrets") if service else ():
            path = path_in_container(used, target)
            read = (entry for entry in service.environment if entry.name.endswith("_PASSWORD_FILE")) if service else ()
            if used == source and any(entry.value == path for entry in read):
                return store.secret
    return ""


def _secret_key(source: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", source)


def _config_data(source: str, plan: _Plan) -> bytes | None:
    configs = plan.scope.stack.node.get("configs")
    node = configs.get(source) if isinstance(configs, Mapping) else None
    content = find(node, "content")
    if content is not None:
        return text_of(content).encode()
    path = posixpath.normpath(posixpath.join(plan.scope.stack.directory, text_of(find(node, "file"))))
    return next((item.data for item in plan.scope.project.mounted if item.path == path), None)


# --- what workloads share ---------------------------------------------------------------------------------------------


def plan_volumes(storages: Iterable[tuple[str, str, int, Storage]], scope: Scope) -> tuple[PersistentVolume, ...]:
    """Return the volumes, by name; `storages` are name, kind, copies and storage of each workload."""
    users: dict[str, set[str]] = defaultdict(set)
    names: dict[str, str] = {}
    crowded: set[str] = set()
    for workload, kind, copies, storage in storages:
        for label, volume in storage.volumes:
            users[label].add(workload)
            names[label] = volume
            if copies > 1 or kind == "daemon-set":
                crowded.add(label)
    declared = {volume.name for volume in scope.stack.volumes}
    return tuple(
        PersistentVolume(
            label,
            names[label] if names[label] in declared else "",
            len(users[label]) > 1 or label in crowded,
            tuple(sorted(users[label])),
        )
        for label in sorted(users)
    )


def plan_files(storages: Iterable[tuple[str, Storage]]) -> tuple[ConfigFile, ...]:
    """Return the sets of files, by name; `storages` are name and storage of each workload."""
    return tuple(
        sorted(
            (ConfigFile(name, files, (workload,)) for workload, storage in storages for name, files in storage.files),
            key=lambda item: item.name,
        )
    )
