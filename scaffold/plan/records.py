"""Where a service keeps its records: on a server, or in a file or folder of its own that allows no second copy."""

from __future__ import annotations

from scaffold.model.code_databases import opened_databases
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.copied_files import folders_to_copy
from scaffold.model.document import Location, find, text_of
from scaffold.model.names import Role
from scaffold.model.outside_stores import RECORDS, names_server, outside_stores
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_WRITES_RECORDS = frozenset({Role.WEB, Role.WORKER})
_LOGS = regex(r"\blogs?\b")


def why_one_copy(project: Project, stack: Stack, service: Service) -> str:
    """Return why two copies would write to one file or folder that nothing shows them to get along in; "" where none would."""
    kept = kept_places(project, stack, service)
    if service.role in _WRITES_RECORDS and not has_database_server(project, stack):
        if kept:
            return f"it keeps its data in {in_words(kept)}, and no database server stands between two copies that write"
        opened = sqlite_place(project, stack, service)
        place = f"{opened.path}:{opened.line}" if opened else ""
        return f"the code keeps its data in a SQLite file ({place}), and no server stands between two copies" if place else ""
    own = tuple(mount for mount in kept if not _is_shared(stack, service, mount))
    if not own or runs_several(service):
        return ""
    return f"it alone keeps {in_words(own)}, and nothing shows that two copies get along in there"


def _is_shared(stack: Stack, service: Service, mount: Mount) -> bool:
    """Whether another service mounts it too: what several mount lies where several copies can mount it."""
    return any(item.source == mount.source for other in stack.services if other is not service for item in other.mounts)


def runs_several(service: Service) -> bool:
    """Whether the compose file asks for more than one copy."""
    text = text_of(find(service.node, "deploy", "replicas")) or text_of(service.node.get("scale"))
    return text.isdecimal() and int(text[:6]) > 1


def sqlite_place(project: Project, stack: Stack, service: Service) -> Location | None:
    """Return the line of the service's code that opens or names its SQLite database; None where a server keeps the records."""
    if service.role not in _WRITES_RECORDS or has_database_server(project, stack):
        return None
    return next((item.location for item in opened_databases(project) if _runs_code(service, item.location.path)), None)


def _runs_code(service: Service, path: str) -> bool:
    """Whether a file of the repository is built into the service, or mounted by it."""
    built = service.build.context if service.build else None
    folders = {mount.resolved for mount in service.mounts} | {built}
    return any(folder in {"", "."} or is_below(path, folder) for folder in folders if folder is not None)


def kept_places(project: Project, stack: Stack, service: Service) -> tuple[Mount, ...]:
    """Return the volumes and folders of the host in which a service keeps something beside its logs."""
    kept = tuple(mount for mount in service.mounts if _is_own_volume(mount))
    return kept + tuple(mount for owner, mount, _ in folders_to_copy(project, stack) if owner is service)


def in_words(kept: tuple[Mount, ...]) -> str:
    """Return places as a noun phrase: `its volumes data, uploads`."""
    kind = "volume" if all(mount.kind == "volume" for mount in kept) else "folder"
    return f"its {kind}{'s' if len(kept) > 1 else ''} {', '.join(mount.source for mount in kept)}"


def has_database_server(project: Project, stack: Stack) -> bool:
    """Whether records go to a server: one of the stack, or one elsewhere that its environments or settings name."""
    named = any(names_server(entry) for service in stack.services for entry in service.environment)
    return named or any(service.role in RECORDS for service in stack.services) or bool(outside_stores(project, stack))


def _is_own_volume(mount: Mount) -> bool:
    return mount.kind == "volume" and bool(mount.source) and not mount.read_only and not _LOGS.search(mount.target)
