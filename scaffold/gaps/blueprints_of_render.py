"""The services of a blueprint of Render, and the folders of their code."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import Mapping, Sequence, text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import InfrastructureFile, Project

_NOT_BUILT = frozenset({"static", "image"})


@frozen
class RenderService:
    """A service: its type, the folder of its code ("" for the whole project), and what the blueprint says of it.

    `is_built` is whether Render makes it of the project's code: no folder of files, no image of another place.
    """

    kind: str
    folder: str
    node: Mapping
    is_built: bool


def render_services(project: Project, file: InfrastructureFile) -> Iterator[RenderService]:
    """Yield the services in the order of the blueprint."""
    for service in blueprint_items(project, file, "services"):
        folder = text_of(service.get("rootDir")) or text_of(service.get("dockerContext"))
        runtime = text_of(service.get("runtime")) or text_of(service.get("env"))
        base = folder.removeprefix("./").strip("/.")
        yield RenderService(text_of(service.get("type")), base, service, runtime not in _NOT_BUILT)


def blueprint_items(project: Project, file: InfrastructureFile, key: str) -> Iterator[Mapping]:
    """Yield the mappings of one of the blueprint's lists."""
    document = project.document(file.path)
    if document is not None and isinstance(document.root, Mapping):
        yield from mappings_of(document.root, key)


def mappings_of(root: Mapping, key: str) -> Iterator[Mapping]:
    """Yield the mappings of a list."""
    listed = root.get(key)
    for item in listed.items if isinstance(listed, Sequence) else ():
        if isinstance(item, Mapping):
            yield item
