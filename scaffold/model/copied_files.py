"""Which volumes and folders of the host scaffold copies beside the stores, and why it leaves out the others."""

from __future__ import annotations

import posixpath
import re

from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Scalar, Sequence, find, text_of
from scaffold.model.durability import WATCHERS, is_made_again, is_worth_copying
from scaffold.model.env_templates import is_env_target
from scaffold.model.known import known, with_folders
from scaffold.model.names import Layer, Role
from scaffold.model.other_stores import is_store
from scaffold.model.project import Project
from scaffold.model.regex import regex

_OF_THE_SYSTEM = regex(r"/|/(?:etc|proc|sys|dev|run|usr|lib|bin|boot|tmp|var/(?:run|log|lib/docker|cache|tmp))(?:/.*)?")
_NAMES_UPLOADS = regex(r".*(?:^|[/_.-])(?:media|uploads?|attachments?|storage|files|documents)(?:$|[/_.-]).*", re.IGNORECASE)
_KEPT_EMPTY = frozenset({".gitkeep", ".keep", ".gitignore"})


def places_to_copy(project: Project) -> frozenset[str]:
    """Return the sources of the mounts that scaffold copies file by file, databases of SQLite by SQLite itself."""
    stack = project.main_stack
    if stack is None or not stack.complete or not stack.is_runnable_in_production:
        return frozenset()
    if Layer.BACKUP in project.configuration.external:
        return frozenset()
    return frozenset((*volumes_to_copy(stack), *(mount.source for _, mount, _ in folders_to_copy(project, stack))))


def volumes_to_copy(stack: Stack) -> dict[str, tuple[str, ...]]:
    """Return the named volumes that applications write to, with their services."""
    users: dict[str, set[str]] = {}
    unworthy = set()
    for service in stack.services:
        for mount in service.mounts:
            if is_store(service):
                unworthy.add(mount.source)
            elif _keeps_something(service) and is_worth_copying(mount):
                users.setdefault(mount.source, set()).add(service.name)
    declared = {volume.name for volume in stack.volumes}
    return {name: tuple(sorted(users[name])) for name in sorted(users) if name in declared and name not in unworthy}


def folders_to_copy(project: Project, stack: Stack) -> tuple[tuple[Service, Mount, str], ...]:
    """Return the folders of the host that applications write to, each with its name in Compose's syntax."""
    named = ((service, mount, _folder_text(project, service, mount, stack)) for service, mount in _written_binds(stack))
    return tuple(
        (service, mount, text)
        for service, mount, text in named
        if text and not _is_code(mount, stack) and not _why_not_folder(project, mount)
    )


def folders_left_out(project: Project, stack: Stack) -> tuple[tuple[str, str], ...]:
    """Return the folders that by their names hold what people sent and that are not copied, each with the reason."""
    found = []
    for service, mount in _written_binds(stack):
        named = _folder_text(project, service, mount, stack)
        reason = _why_not_folder(project, mount) if named else "no file says where it lies"
        if reason and _NAMES_UPLOADS.fullmatch(f"{mount.source}/{mount.target}"):
            found.append((mount.source, reason))
    return tuple(found)


def _written_binds(stack: Stack) -> list[tuple[Service, Mount]]:
    """Return the binds through which an application may keep what is not made again."""
    return [
        (service, mount)
        for service in stack.services
        for mount in service.mounts
        if mount.kind == "bind"
        and not mount.read_only
        and not is_store(service)
        and _keeps_something(service)
        and not is_made_again(mount.source)
        and not is_made_again(mount.target)
        and not _OF_THE_SYSTEM.fullmatch(mount.source)
        and "." not in posixpath.basename(mount.source.rstrip("/")).lstrip(".")
        and not is_env_target(mount.target)
    ]


def _is_code(mount: Mount, stack: Stack) -> bool:
    """Whether a bind lays sources over an image: the folder that an image is built from, or one around it."""
    return mount.resolved is not None and (mount.resolved in known(_contexts_and_above, stack))


def _contexts_and_above(stack: Stack) -> frozenset[str]:
    builds = (service.build for service in stack.services)
    return with_folders(build.context for build in builds if build and build.context is not None)


def _why_not_folder(project: Project, mount: Mount) -> str:
    """Return why a folder is taken for a part of the repository, or cannot be named; "" where it holds data."""
    if mount.resolved is None:
        return "it lies in somebody's home folder" if mount.source.startswith("~") else ""
    tracked = mount.resolved == "" or mount.resolved in known(_tracked, project.files)
    return (
        "git tracks files in it, so it was taken for a part of the repository: copy it where the app writes there"
        if tracked
        else ""
    )


def _tracked(files: tuple[str, ...]) -> frozenset[str]:
    """Return the files with something in them, and every folder that holds one."""
    return with_folders(path for path in files if posixpath.basename(path) not in _KEPT_EMPTY)


def _folder_text(project: Project, service: Service, mount: Mount, stack: Stack) -> str:
    """Return the source of a bind in Compose's syntax, variables as they stand; "" where it cannot be told from the file."""
    node = service.node.get("volumes")
    source = known(_sources_by_target, node).get(mount.target) if isinstance(node, Sequence) else None
    if source is not None and "$" in source.raw:
        return source.raw
    if source is not None and source.references:
        # The short form is one text: what stands before the target is the source.
        text = (project.source(source.location.path) or "")[source.span.start : source.span.end].strip("'\"")
        before, target, _ = text.partition(f":{mount.target}")
        return before if target and before.count("{") == before.count("}") else ""
    return mount.source if mount.resolved is None else beside(mount.resolved, stack)


def _sources_by_target(volumes: Sequence) -> dict[str, Scalar]:
    """Return the first source that the volumes of a service have for each place in the container."""
    found: dict[str, Scalar] = {}
    for item in volumes.items:
        source = find(item, "source")
        if isinstance(source, Scalar):
            found.setdefault(text_of(find(item, "target")), source)
    return found


def _keeps_something(service: Service) -> bool:
    """Whether what a service has in a volume may be more than what it makes again; a proxy that serves uploads reads them."""
    return not service.has_role(*WATCHERS) and service.role not in {Role.PROXY, Role.CACHE}


def beside(path: str, stack: Stack) -> str:
    """Return a path of the project as the overlay names it."""
    relative = posixpath.relpath(path or ".", stack.directory or ".")
    return relative if relative.startswith("..") else f"./{relative}" if relative != "." else "."
