"""Sequences that hold each thing once: by key, target, port or path; the later item takes the earlier one's place."""

from __future__ import annotations

from collections.abc import Callable

from scaffold.model.document import Entry, Mapping, Node, Scalar, Sequence, text_of
from scaffold.read.compose.nodes import sequence_like, with_entries
from scaffold.read.compose.short import parse_volume
from scaffold.read.compose.values import text_of_value

Path = tuple[str, ...]
KeyOf = Callable[[Node], str]


def unique_items(node: Sequence, key_of: KeyOf, _path: Path) -> Sequence:
    """Return the sequence with one item for each key."""
    found: dict[str, Node] = {}
    for item in node.items:
        found[key_of(item)] = item
    if len(found) == len(node.items):
        return node
    return sequence_like(node, found.values())


def key_of_pair(node: Node) -> str:
    """The part of `K=V` before the first equals sign."""
    return text_of_value(node).partition("=")[0] if isinstance(node, Scalar) else repr(node.location)


def _volume(node: Node) -> str:
    if isinstance(node, Mapping):
        return text_of(node.get("target"))
    volume = parse_volume(text_of(node))
    return volume.target if volume else text_of(node)


def _device(node: Node) -> str:
    if isinstance(node, Mapping):
        return text_of(node.get("target")) or repr(node.location)
    parts = text_of(node).split(":")
    return parts[0] if len(parts) == 1 else parts[1]


def _file_mount(default: str) -> KeyOf:
    def key(node: Node) -> str:
        if isinstance(node, Mapping):
            target = text_of(node.get("target"))
            return target or f"{default}/{text_of(node.get('source'))}"
        return f"{default}/{text_of(node)}"

    return key


def _port(node: Node) -> str:
    if not isinstance(node, Mapping):
        return text_of_value(node) if isinstance(node, Scalar) else ""
    host = text_of(node.get("host_ip"), "0.0.0.0")  # noqa: S104
    published = text_of(node.get("published"), "-")
    return f"{host}:{published}:{text_of(node.get('target'))}/{text_of(node.get('protocol'), 'tcp')}"


def _path(node: Node) -> str:
    return text_of(node.get("path")) if isinstance(node, Mapping) else text_of(node)


_PAIR_KEYS = (
    ("annotations",),
    ("build", "args"),
    ("build", "additional_contexts"),
    ("build", "platform"),
    ("build", "tags"),
    ("build", "labels"),
    ("cap_add",),
    ("cap_drop",),
    ("deploy", "labels"),
    ("dns",),
    ("dns_opt",),
    ("dns_search",),
    ("environment",),
    ("expose",),
    ("labels",),
    ("links",),
    ("networks", "*", "aliases"),
    ("networks", "*", "link_local_ips"),
    ("profiles",),
    ("sysctls",),
    ("tmpfs",),
)
_SERVICE_KEYS: dict[Path, KeyOf] = {
    **dict.fromkeys(_PAIR_KEYS, key_of_pair),
    ("devices",): _device,
    ("configs",): _file_mount(""),
    ("secrets",): _file_mount("/run/secrets"),
    ("env_file",): _path,
    ("ports",): _port,
    ("volumes",): _volume,
}
_FIRST = {path[0] for path in _SERVICE_KEYS}
_DEEP = {path[0] for path in _SERVICE_KEYS if len(path) > 1}


def enforce_unicity(root: Mapping) -> Mapping:
    """Return the model with each list of each service holding every key once."""
    services = root.get("services")
    if not isinstance(services, Mapping):
        return root
    entries = tuple(_entry(entry, _service) for entry in services.entries)
    if all(new is old for new, old in zip(entries, services.entries, strict=True)):
        return root
    changed = with_entries(services, entries)
    return with_entries(root, (Entry(e.key, changed) if e.value is services else e for e in root.entries))


def _entry(entry: Entry, change: Callable[[Mapping], Mapping]) -> Entry:
    if not isinstance(entry.value, Mapping):
        return entry
    value = change(entry.value)
    return entry if value is entry.value else Entry(entry.key, value)


def _service(node: Mapping) -> Mapping:
    return _below(node, ())


def _below(node: Mapping, path: Path) -> Mapping:
    entries = []
    changed = False
    for entry in node.entries:
        kept = entry
        if entry.value.__class__ is not Scalar and (path or entry.key.value in _FIRST):
            value = _unique_value(entry.value, (*path, entry.key.value))
            kept = entry if value is entry.value else Entry(entry.key, value)
        changed = changed or kept is not entry
        entries.append(kept)
    return with_entries(node, entries) if changed else node


def _unique_value(node: Node, path: Path) -> Node:
    key_of = _SERVICE_KEYS.get(path)
    if key_of is None and len(path) == 3:
        key_of = _SERVICE_KEYS.get((path[0], "*", path[2]))
    if key_of is not None and isinstance(node, Sequence):
        return unique_items(node, key_of, path)
    if isinstance(node, Mapping) and path[0] in _DEEP and len(path) < 3:
        return _below(node, path)
    return node
