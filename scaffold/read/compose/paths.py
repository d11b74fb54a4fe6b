"""Relative paths of files that another folder brought in, rewritten to start from the folder that uses them."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace

from scaffold.model.document import Entry, Mapping, Node, Scalar, Sequence, text_of
from scaffold.read.compose.nodes import with_entries, with_value
from scaffold.read.compose.reader import is_remote

Change = Callable[[str], str]


def is_remote_context(text: str) -> bool:
    """Whether a build context is fetched by the builder or is another service's image."""
    return "://" in text or text.startswith("service:") or is_remote(text)


def rebase(root: Mapping, prefix: str) -> Mapping:
    """Return the model with the paths that Compose resolves prefixed by `prefix`; absolute ones stay."""
    if prefix in {"", "."}:
        return root
    return map_paths(root, lambda path: path if is_absolute(path) else posixpath.normpath(posixpath.join(prefix, path)))


def is_absolute(path: str) -> bool:
    """Whether a path is absolute on Linux or Windows, starts at a home folder, or at what a variable has to say."""
    return path.startswith(("/", "~", "$", "\\\\")) or (
        len(path) > 2 and path[1] == ":" and path[2] in "/\\" and path[0].isalpha()
    )


def map_paths(root: Mapping, change: Change) -> Mapping:
    """Return the model with `change` applied to each path of the host that Compose resolves."""
    entries = []
    for entry in root.entries:
        value = entry.value
        form = _SECTIONS.get(entry.key.value)
        if form and isinstance(value, Mapping):
            value = with_entries(value, (Entry(item.key, form(item.value, change)) for item in value.entries))
        entries.append(entry if value is entry.value else Entry(entry.key, value))
    return with_entries(root, entries)


def _text(node: Node, change: Change) -> Node:
    if not isinstance(node, Scalar) or not node.value:
        return node
    value = change(node.value)
    return node if value == node.value else replace(node, value=value, plain=False, raw=node.raw or node.value)


def _context(node: Node, change: Change) -> Node:
    return node if is_remote_context(text_of(node)) else _text(node, change)


def _items(node: Node, change: Callable[[Node], Node]) -> Node:
    if isinstance(node, Sequence):
        return replace(node, items=tuple(change(item) for item in node.items))
    if isinstance(node, Mapping):
        return with_entries(node, (Entry(entry.key, change(entry.value)) for entry in node.entries))
    return node


def _at(node: Node, key: str, change: Callable[[Node], Node]) -> Node:
    value = node.get(key) if isinstance(node, Mapping) else None
    return with_value(node, key, change(value)) if isinstance(node, Mapping) and value is not None else node


def _service(node: Node, change: Change) -> Node:
    node = _at(node, "build", lambda build: _build(build, change))
    node = _at(node, "env_file", lambda files: _items(files, lambda item: _at(item, "path", lambda path: _text(path, change))))
    node = _at(node, "label_file", lambda files: _items(files, lambda item: _text(item, change)))
    node = _at(
        node, "extends", lambda item: _at(item, "file", lambda path: path if is_remote(text_of(path)) else _text(path, change))
    )
    node = _at(node, "pre_start", lambda hooks: _items(hooks, lambda hook: _service(hook, change)))
    node = _at(node, "develop", lambda item: _at(item, "watch", lambda watch: _watches(watch, change)))
    return _at(node, "volumes", lambda volumes: _items(volumes, lambda item: _volume(item, change)))


def _watches(node: Node, change: Change) -> Node:
    return _items(node, lambda item: _at(item, "path", lambda path: _text(path, change)))


def _build(node: Node, change: Change) -> Node:
    node = _at(node, "context", lambda item: _context(item, change))
    node = _at(node, "additional_contexts", lambda items: _items(items, lambda item: _context(item, change)))
    return _at(node, "ssh", lambda items: _items(items, lambda item: _text(item, change)))


def _volume(node: Node, change: Change) -> Node:
    if isinstance(node, Mapping) and text_of(node.get("type")) == "bind":
        return _at(node, "source", lambda item: _text(item, change))
    return node


def _file(node: Node, change: Change) -> Node:
    return _at(node, "file", lambda item: _text(item, change))


def _top_volume(node: Node, change: Change) -> Node:
    options = node.get("driver_opts") if isinstance(node, Mapping) else None
    if not isinstance(options, Mapping) or not isinstance(node, Mapping) or text_of(node.get("driver")) != "local":
        return node
    if text_of(options.get("o")) != "bind":
        return node
    return with_value(node, "driver_opts", _at(options, "device", lambda item: _text(item, change)))


_SECTIONS: dict[str, Callable[[Node, Change], Node]] = {
    "services": _service,
    "jobs": _service,
    "configs": _file,
    "secrets": _file,
    "volumes": _top_volume,
}
