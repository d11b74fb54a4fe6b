"""Lists of a base that a later compose file empties in vain: Compose adds the lists of its files together."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Mapping, Node, Sequence, find
from scaffold.model.names import Severity
from scaffold.model.project import Project

ADDED_KEYS = {
    "ports": Severity.HIGH,
    "volumes": Severity.MEDIUM,
    "env_file": Severity.MEDIUM,
    "devices": Severity.MEDIUM,
    "cap_add": Severity.MEDIUM,
    **dict.fromkeys(
        ("environment", "depends_on", "expose", "secrets", "configs", "extra_hosts", "networks", "labels"), Severity.LOW
    ),
    **dict.fromkeys(("tmpfs", "security_opt", "group_add", "dns", "links", "external_links"), Severity.LOW),
}
"""The keys that Compose merges by adding, with what it means that their entries stay."""


def kept_entries(project: Project, stack: Stack) -> Iterator[tuple[str, Service, Node]]:
    """Yield each key that a later file of a stack empties in vain, with the service as merged and the empty node."""
    for path in stack.files[1:]:
        document = project.document(path)
        services = find(document.root, "services") if document else None
        for entry in services.entries if isinstance(services, Mapping) else ():
            merged = stack.service(entry.key.value)
            for key, node in _empty(entry.value) if merged else ():
                if merged and _has_entries(merged.node.get(key)):
                    yield key, merged, node


def _empty(service: Node) -> Iterator[tuple[str, Node]]:
    for entry in service.entries if isinstance(service, Mapping) else ():
        node = entry.value
        is_list = isinstance(node, Sequence) and not node.items
        is_mapping = isinstance(node, Mapping) and not node.entries
        # `!reset` and `!override` do what is meant.
        if entry.key.value in ADDED_KEYS and (is_list or is_mapping) and not node.tag:
            yield entry.key.value, node


def _has_entries(node: Node | None) -> bool:
    return (isinstance(node, Sequence) and bool(node.items)) or (isinstance(node, Mapping) and bool(node.entries))
