"""Extensions that became part of the specification: the old name counts where the new one says nothing."""

from __future__ import annotations

from dataclasses import replace

from scaffold.model.document import Entry, Mapping, Node, Problem, Sequence
from scaffold.read.compose.merge import MergeError, merge
from scaffold.read.compose.nodes import with_entries, with_value
from scaffold.read.yaml import is_null


def promote(root: Mapping, problems: list[Problem]) -> Mapping:
    """Return the model with `x-develop` and `x-initialSync` under the names that they have now."""
    services = root.get("services")
    if not isinstance(services, Mapping):
        return root
    entries = tuple(_service(entry, problems) for entry in services.entries)
    if all(new is old for new, old in zip(entries, services.entries, strict=True)):
        return root
    return with_value(root, "services", with_entries(services, entries))


def _service(entry: Entry, problems: list[Problem]) -> Entry:
    node = entry.value
    if not isinstance(node, Mapping) or not {"x-develop", "develop"} & set(node.keys()):
        return entry
    node = _renamed(node, "x-develop", "develop", problems)
    develop = node.get("develop")
    watch = develop.get("watch") if isinstance(develop, Mapping) else None
    if isinstance(develop, Mapping) and isinstance(watch, Sequence):
        items = tuple(_watch(item, problems) for item in watch.items)
        if any(new is not old for new, old in zip(items, watch.items, strict=True)):
            node = with_value(node, "develop", with_value(develop, "watch", replace(watch, items=items)))
    return entry if node is entry.value else Entry(entry.key, node)


def _watch(node: Node, problems: list[Problem]) -> Node:
    return _renamed(node, "x-initialSync", "initial_sync", problems) if isinstance(node, Mapping) else node


def _renamed(node: Mapping, old: str, new: str, problems: list[Problem]) -> Mapping:
    extension, value = node.get(old), node.get(new)
    if extension is None:
        return node
    node = with_value(node, old, None)
    if value is None or is_null(value):
        return with_value(node, new, extension)
    try:
        return with_value(node, new, merge(extension, value, (new,)))
    except MergeError as error:
        problems.append(Problem(error.node.location, str(error)))
        return node
