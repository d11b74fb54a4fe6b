"""What services keep beside the stores, for the page on recovery: nothing may be called safe that is only not known."""

from __future__ import annotations

from scaffold.model.code_databases import opened_databases, source_mount
from scaffold.model.compose import Stack
from scaffold.model.copied_files import folders_left_out, folders_to_copy, volumes_to_copy
from scaffold.model.guides import KeptData
from scaffold.model.project import Project


def kept_data(project: Project, stack: Stack, *, has_server: bool) -> tuple[KeptData, ...]:
    """Return the database files of code, unless a server keeps the records, then the volumes and folders of applications."""
    found = [] if has_server else _databases(project, stack)
    known = {item.place for item in found}
    volumes = [KeptData(names, volume=name) for name, names in volumes_to_copy(stack).items()]
    folders = [KeptData((service.name,), place=mount.source) for service, mount, _ in folders_to_copy(project, stack)]
    left = [KeptData((), place=source) for source, _ in folders_left_out(project, stack)]
    return (*found, *volumes, *(item for item in (*folders, *left) if item.place not in known))


def _databases(project: Project, stack: Stack) -> list[KeptData]:
    found = []
    for database in opened_databases(project):
        mounted = ((service, source_mount(service, database)) for service in stack.services)
        held = [(service.name, mount.source) for service, mount in mounted if mount is not None]
        names = tuple(name for name, _ in held)
        where = f"{database.location.path}:{database.location.line}"
        found.append(KeptData(names, place=held[0][1] if held else "", file=database.path, where=where))
    return found
