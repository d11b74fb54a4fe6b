"""Building nodes that stand for others: the long form of a short one keeps the place that it was written at."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.model.document import Entry, Location, Mapping, Node, Scalar, Sequence, Span

NOWHERE = Mapping((), Location("", 1), Span(0, 0))
"""An empty mapping for what no file says."""


def text_like(node: Node, value: str, *, plain: bool = False) -> Scalar:
    """Return a scalar at the place of `node`; plain ones resolve to numbers, booleans and null."""
    found = node.references if isinstance(node, Scalar) else ()
    return Scalar(value, node.location, node.span, value, plain, "", found)


def mapping_like(node: Node, values: Iterable[tuple[str, Node]]) -> Mapping:
    """Return a mapping at the place of `node`."""
    entries = tuple(Entry(Scalar(key, value.location, node.span, key), value) for key, value in values)
    return Mapping(entries, node.location, node.span)


def sequence_like(node: Node, items: Iterable[Node]) -> Sequence:
    """Return a sequence at the place of `node`."""
    flow = node.flow if isinstance(node, Sequence) else False
    return Sequence(tuple(items), node.location, node.span, flow)


def with_entries(node: Mapping, entries: Iterable[Entry]) -> Mapping:
    """Return the mapping with other entries, its place and tag kept."""
    return Mapping(tuple(entries), node.location, node.span, node.flow, node.tag)


def with_value(node: Mapping, key: str, value: Node | None) -> Mapping:
    """Return the mapping with one value replaced or added, or with the key removed when `value` is None."""
    if value is None:
        return with_entries(node, (entry for entry in node.entries if entry.key.value != key))
    last = node.entry(key)
    if last is None:
        return with_entries(node, (*node.entries, Entry(Scalar(key, value.location, value.span, key), value)))
    # Of duplicates the last one counts: giving the value to each of them would multiply the work that follows.
    kept = (entry for entry in node.entries if entry.key.value != key or entry is last)
    return with_entries(node, (Entry(entry.key, value) if entry is last else entry for entry in kept))


def effective_entries(node: Mapping) -> tuple[Entry, ...]:
    """Return one entry for each key, the last one of duplicates, in the order of first appearance."""
    found = {entry.key.value: entry for entry in node.entries}
    return node.entries if len(found) == len(node.entries) else tuple(found.values())
