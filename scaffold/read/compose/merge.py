"""How one compose file overrides another: the rule of each key, as the merge chapter of the specification gives them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.model.document import Entry, Mapping, Node, Scalar, Sequence
from scaffold.read.compose.nodes import effective_entries, mapping_like, sequence_like, text_like, with_entries
from scaffold.read.compose.unique import key_of_pair, unique_items
from scaffold.read.compose.values import go_text, same_value, text_of_value
from scaffold.read.yaml import is_null, resolve

Path = tuple[str, ...]
Rule = Callable[[Node, Node, Path], Node]


class MergeError(Exception):
    """Two values of different kinds under one key: Compose refuses the set."""

    def __init__(self, message: str, node: Node) -> None:
        self.node = node
        super().__init__(message)


def merge(base: Node, other: Node, path: Path) -> Node:
    """Return `base` overridden by `other` at `path`. Raises MergeError where Compose refuses."""
    rule = _rule(path)
    if rule is not None:
        return rule(base, other, path)
    if is_null(other):
        return base
    if isinstance(base, Mapping):
        return merge_mappings(base, _mapping(other, path), path)
    if isinstance(base, Sequence):
        if not isinstance(other, Sequence):
            raise MergeError(f"{'.'.join(path)} cannot be overridden: the kinds differ", other)
        return _append(base, other.items)
    return other


def _mapping(node: Node, path: Path) -> Mapping:
    if isinstance(node, Mapping):
        return node
    raise MergeError(f"{'.'.join(path)} cannot be overridden: the kinds differ", node)


def merge_mappings(base: Mapping, other: Mapping, path: Path) -> Mapping:
    """Merge two mappings key by key."""
    entries = {entry.key.value: entry for entry in base.entries}
    for entry in effective_entries(other):
        key = entry.key.value
        known = entries.get(key)
        if known is None:
            entries[key] = entry
        else:
            merged = merge(known.value, entry.value, (*path, key))
            entries[key] = Entry(entry.key if merged is entry.value else known.key, merged)
    return with_entries(base, entries.values())


def _append(base: Node, items: Iterable[Node]) -> Sequence:
    """Append what the base does not hold yet."""
    kept = list(base.items) if isinstance(base, Sequence) else []
    seen = {_text_key(item) for item in kept}
    for item in items:
        key = _text_key(item)
        if key is not None and key in seen:
            continue
        if key is None and any(same_value(item, existing) for existing in kept):
            continue
        seen.add(key)
        kept.append(item)
    return sequence_like(base, kept)


def _text_key(node: Node) -> tuple[str, object] | None:
    if not isinstance(node, Scalar):
        return None
    value = resolve(node)
    return (type(value).__name__, value)


# --- forms ------------------------------------------------------------------------------------------------------------


def as_sequence(node: Node) -> Sequence:
    """Return the list form of a mapping (`K=V`, sorted), a scalar as a list of one, and a list as it is."""
    if isinstance(node, Sequence):
        return node
    if isinstance(node, Mapping):
        items: list[Node] = []
        for entry in sorted(effective_entries(node), key=lambda item: item.key.value):
            items.extend(_key_value_items(entry))
        return sequence_like(node, items)
    return sequence_like(node, () if is_null(node) else (node,))


def _key_value_items(entry: Entry) -> Iterable[Scalar]:
    key = entry.key.value
    values = entry.value.items if isinstance(entry.value, Sequence) else (entry.value,)
    for value in values:
        if not isinstance(value, Scalar):
            continue
        if is_null(value) and value is entry.value:
            yield text_like(entry.key, key)
            continue
        text = go_text(None) if is_null(value) else text_of_value(value)
        yield replace(value, value=f"{key}={text}", raw=f"{key}={value.raw or value.value}", plain=False, tag="")


def as_mapping(node: Node, defaults: tuple[tuple[str, str], ...] | None) -> Mapping:
    """Return the mapping form of a list of names, each with the defaults, or null where there are none."""
    if isinstance(node, Mapping):
        return node
    names = node.items if isinstance(node, Sequence) else (() if is_null(node) else (node,))
    pairs: dict[str, Node] = {}
    for name in names:
        if not isinstance(name, Scalar):
            raise MergeError("a list of names holds something else", name)
        pairs[name.value] = (
            text_like(name, "", plain=True)
            if defaults is None
            else mapping_like(name, ((key, text_like(name, value, plain=True)) for key, value in defaults))
        )
    return mapping_like(node, pairs.items())


# --- rules ------------------------------------------------------------------------------------------------------------

DEPENDENCY_DEFAULTS = (("condition", "service_started"), ("required", "true"))


def _replace(_base: Node, other: Node, _path: Path) -> Node:
    return other


def _key_values(base: Node, other: Node, path: Path) -> Node:
    first = as_sequence(base)
    return unique_items(sequence_like(first, (*first.items, *as_sequence(other).items)), key_of_pair, path)


def _lists(base: Node, other: Node, _path: Path) -> Node:
    return _append(as_sequence(base), as_sequence(other).items)


def _named(base: Node, other: Node, path: Path) -> Node:
    return merge_mappings(as_mapping(base, None), as_mapping(other, None), path)


def _dependencies(base: Node, other: Node, path: Path) -> Node:
    return merge_mappings(as_mapping(base, DEPENDENCY_DEFAULTS), as_mapping(other, DEPENDENCY_DEFAULTS), path)


def _build(base: Node, other: Node, path: Path) -> Node:
    def long(node: Node) -> Mapping:
        if isinstance(node, Mapping):
            return node
        return mapping_like(node, () if is_null(node) else (("context", node),))

    return merge_mappings(long(base), long(other), path)


def _logging(base: Node, other: Node, path: Path) -> Node:
    first, second = _mapping(base, path), _mapping(other, path)
    old, new = first.get("driver"), second.get("driver")
    if old is None or new is None or same_value(old, new):
        return merge_mappings(first, second, path)
    return second


def _ulimit(base: Node, other: Node, path: Path) -> Node:
    if isinstance(base, Mapping) and isinstance(other, Mapping):
        return merge_mappings(base, other, path)
    return other


def _subnets(base: Node, other: Node, path: Path) -> Node:
    """Merge IPAM pools by subnet, in the order that compose-go gives them."""
    if not isinstance(base, Sequence) or not isinstance(other, Sequence):
        raise MergeError(f"{'.'.join(path)} must be a list", other)
    pools: list[Mapping] = []
    for right in base.items:
        for left in other.items:
            _merge_pool(pools, _mapping(right, path), _mapping(left, path), path)
    return sequence_like(base, pools)


def _merge_pool(pools: list[Mapping], right: Mapping, left: Mapping, path: Path) -> None:
    subnets = [_subnet(pool) for pool in pools]
    if _subnet(left) != _subnet(right) and _subnet(left) not in subnets:
        pools.append(left)
        return
    merged = merge_mappings(right, left, path)
    if _subnet(merged) in subnets:
        pools[subnets.index(_subnet(merged))] = merged
    else:
        pools.append(merged)


def _subnet(pool: Mapping) -> str | None:
    node = pool.get("subnet")
    return node.value if isinstance(node, Scalar) else None


_SERVICE_RULES: dict[Path, Rule] = {
    ("annotations",): _key_values,
    ("build",): _build,
    ("build", "args"): _key_values,
    ("build", "additional_contexts"): _key_values,
    ("build", "extra_hosts"): _lists,
    ("build", "labels"): _key_values,
    ("command",): _replace,
    ("depends_on",): _dependencies,
    ("dns",): _lists,
    ("dns_opt",): _lists,
    ("dns_search",): _lists,
    ("entrypoint",): _replace,
    ("env_file",): _lists,
    ("label_file",): _lists,
    ("environment",): _key_values,
    ("extra_hosts",): _lists,
    ("healthcheck", "test"): _replace,
    ("labels",): _key_values,
    ("logging",): _logging,
    ("models",): _named,
    ("networks",): _named,
    ("sysctls",): _key_values,
    ("tmpfs",): _lists,
    ("ulimits", "*"): _ulimit,
    ("deploy", "labels"): _key_values,
}
_TOP_RULES: dict[Path, Rule] = {
    ("networks", "*", "ipam", "config"): _subnets,
    **{(section, "*", "labels"): _key_values for section in ("networks", "volumes", "secrets", "configs")},
}


def _rule(path: Path) -> Rule | None:
    if len(path) < 3:
        return None
    if path[0] in {"services", "jobs"}:
        rest = path[2:]
        return _SERVICE_RULES.get(rest) or _SERVICE_RULES.get((*rest[:-1], "*"))
    return _TOP_RULES.get((path[0], "*", *path[2:]))
