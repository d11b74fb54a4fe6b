"""The tags `!reset` and `!override`: what they take away from the files before."""

from __future__ import annotations

from dataclasses import replace

from scaffold.model.document import Entry, Mapping, Node, Scalar, Sequence
from scaffold.model.frozen import frozen
from scaffold.read.compose.nodes import with_entries

Path = tuple[str, ...]
_TAGS = frozenset({"!reset", "!override"})


@frozen
class Resets:
    """The paths whose earlier value does not count."""

    paths: frozenset[Path] = frozenset()

    def apply(self, node: Node, path: Path = ()) -> Node:
        """Return the model without the values at the paths; items of lists stay, as compose-go leaves them."""
        if not self.paths or not isinstance(node, Mapping):
            return node
        entries = []
        for entry in node.entries:
            below = (*path, entry.key.value)
            if below in self.paths:
                continue
            value = self.apply(entry.value, below)
            entries.append(entry if value is entry.value else Entry(entry.key, value))
        return with_entries(node, entries)


def collect(node: Node, text: str) -> tuple[Node, Resets]:
    """Take the tags out of a document: reset values leave it, overriding ones stay without their tag."""
    if "!reset" not in text and "!override" not in text:
        return node, Resets()
    paths: set[Path] = set()
    cleaned = _walk(node, (), paths)
    return (cleaned if cleaned is not None else with_entries(node, ()) if isinstance(node, Mapping) else node), Resets(
        frozenset(paths)
    )


def _walk(node: Node, path: Path, paths: set[Path]) -> Node | None:
    if node.tag in _TAGS:
        paths.add(path)
        if node.tag == "!reset":
            return None
        # go-yaml resolves no scalar with a tag of its own: `!override null` is the text null.
        return replace(node, tag="", plain=False) if isinstance(node, Scalar) else replace(node, tag="")
    if isinstance(node, Scalar):
        return node
    if isinstance(node, Sequence):
        found = (_walk(item, (*path, str(index)), paths) for index, item in enumerate(node.items))
        items = tuple(item for item in found if item is not None)
        return node if _same(items, node.items) else replace(node, items=items)
    entries = []
    for entry in node.entries:
        below = path if entry.key.value == "<<" else (*path, entry.key.value)
        value = _walk(entry.value, below, paths)
        if value is not None:
            entries.append(entry if value is entry.value else Entry(entry.key, value))
    return node if _same(tuple(entries), node.entries) else with_entries(node, entries)


def _same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    return len(new) == len(old) and all(a is b for a, b in zip(new, old, strict=True))
