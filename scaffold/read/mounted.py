"""The files of the repository that containers read through a bind mount or a config: small ones, with their bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import Mapping, find, text_of
from scaffold.model.known import below, known
from scaffold.model.project import MountedFile
from scaffold.read.compose.reader import join
from scaffold.read.inventory import Inventory, read_bytes

MAX_BYTES = 1_000_000
"""A ConfigMap holds 1 MiB, names and metadata included (Kubernetes documentation, ConfigMaps)."""

MAX_FILES = 60
"""A folder of more files holds data or code, and no configuration."""


_TEMPLATE_WORDS = ("example", "sample", "dist", "template", "tmpl", "default")


def read_mounted(inventory: Inventory, stacks: Iterable[Stack]) -> tuple[MountedFile, ...]:
    """Return the files by path; those that git does not track, and real env files, are somebody's own and not read: the
    template beside one stands for it.
    """
    sources = {source for stack in stacks for source in _sources(stack)}
    wanted = {path: "" for source in sources for path in _files(inventory, source)}
    wanted |= {source: template for source in sources if (template := _template_beside(inventory, source))}
    found = []
    for path, template in sorted(wanted.items()):
        data = read_bytes(inventory, template or path, MAX_BYTES)
        if data is not None:
            found.append(MountedFile(path, data, template))
    return tuple(found)


def _template_beside(inventory: Inventory, source: str) -> str:
    """Return the tracked template of a file that git does not track: `nginx.conf.example` or `nginx.example.conf`."""
    if source in inventory.directories or (source in inventory.present and not _is_hidden(inventory, source)):
        return ""
    start, dot, ending = source.rpartition(".")
    names = [f"{source}{mark}{word}" for word in _TEMPLATE_WORDS for mark in ".-"]
    names += [f"{start}.{word}.{ending}" for word in _TEMPLATE_WORDS] if dot else []
    return next((name for name in names if name in inventory.present and not _is_hidden(inventory, name)), "")


def _is_hidden(inventory: Inventory, path: str) -> bool:
    return path in inventory.private or path in inventory.untracked


def _sources(stack: Stack) -> Iterator[str]:
    for service in stack.services:
        yield from (mount.resolved for mount in service.mounts if mount.resolved)
    configs = stack.node.get("configs")
    for entry in configs.entries if isinstance(configs, Mapping) else ():
        path = join(stack.directory, text_of(find(entry.value, "file")) or "..")
        if path:
            yield path


def _files(inventory: Inventory, source: str) -> tuple[str, ...]:
    if source in inventory.present:
        return () if _is_hidden(inventory, source) else (source,)
    if source not in inventory.directories:
        return ()
    inside = [path for path in below(known(_sorted, inventory), source) if not _is_hidden(inventory, path)]
    return tuple(inside) if len(inside) <= MAX_FILES else ()


def _sorted(inventory: Inventory) -> tuple[str, ...]:
    return tuple(sorted(inventory.present))
