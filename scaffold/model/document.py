"""A YAML document as a tree of frozen nodes, each with its place in the file and its route in the document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field

from scaffold.model.frozen import frozen
from scaffold.model.known import known

Route = tuple[str | int, ...]
_FEW = 24
"""Entries of a mapping that are looked through one by one: to write a table of them takes longer."""


@frozen
class Location:
    """A place in a file of the project: path relative to the root, 1-based line and column, route in the document."""

    path: str
    line: int
    column: int = 1
    route: Route = field(default=(), compare=False)

    @classmethod
    def at_offset(cls, path: str, text: str, offset: int) -> Location:
        """Return the line of a character offset in the text of a file."""
        return cls(path, text.count("\n", 0, offset) + 1)

    def sort_key(self) -> tuple[str, int, int]:
        """Order by file, then line, then column."""
        return (self.path, self.line, self.column)


@frozen
class Span:
    """A half-open range of character offsets into the text of a file."""

    start: int
    end: int


@frozen
class VariableReference:
    """One `$NAME` or `${NAME<operator>argument}` in a text; operator is one of "", ":-", "-", ":?", "?", ":+", "+"."""

    name: str
    operator: str = ""
    argument: str = ""

    @property
    def has_default(self) -> bool:
        """Whether the reference names a value for the case that the variable is unset."""
        return self.operator in {":-", "-"}

    @property
    def is_required(self) -> bool:
        """Whether Compose refuses to start when the variable is unset."""
        return self.operator in {":?", "?"}


@frozen
class Scalar:
    """A scalar; `raw` is the text as written, `value` the text after interpolation, `plain` whether it was unquoted."""

    value: str
    location: Location
    span: Span
    raw: str = ""
    plain: bool = True
    tag: str = ""
    references: tuple[VariableReference, ...] = ()


@frozen
class Sequence:
    """A sequence of nodes; `flow` tells `[a, b]` from a block."""

    items: tuple[Node, ...]
    location: Location
    span: Span
    flow: bool = False
    tag: str = ""

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)


@frozen
class Entry:
    """One `key: value` of a mapping."""

    key: Scalar
    value: Node


@frozen
class Mapping:
    """A mapping in the order of the file; duplicate keys are kept, the last one wins on look-up."""

    entries: tuple[Entry, ...]
    location: Location
    span: Span
    flow: bool = False
    tag: str = ""

    def get(self, key: str) -> Node | None:
        """Return the value under `key`, or None."""
        entry = self.entry(key)
        return entry.value if entry else None

    def entry(self, key: str) -> Entry | None:
        """Return the last entry with this key, or None."""
        if len(self.entries) > _FEW:
            return known(_by_key, self.entries).get(key)
        for entry in reversed(self.entries):
            if entry.key.value == key:
                return entry
        return None

    def keys(self) -> tuple[str, ...]:
        """Return the keys in order, each once."""
        return tuple(dict.fromkeys(entry.key.value for entry in self.entries))

    def duplicates(self) -> tuple[Entry, ...]:
        """Return the entries whose key stood in the mapping before."""
        seen: set[str] = set()
        repeated = []
        for entry in self.entries:
            if entry.key.value in seen:
                repeated.append(entry)
            seen.add(entry.key.value)
        return tuple(repeated)


def _by_key(entries: tuple[Entry, ...]) -> dict[str, Entry]:
    """Return the last entry with each key."""
    return {entry.key.value: entry for entry in entries}


Node = Scalar | Sequence | Mapping


def find(node: Node | None, *route: str | int) -> Node | None:
    """Return the node at `route` below `node`, or None where the route leaves the tree."""
    for step in route:
        if isinstance(node, Mapping) and isinstance(step, str):
            node = node.get(step)
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
        else:
            return None
    return node


def is_null(node: Node) -> bool:
    """Whether a node is an empty or null scalar."""
    return isinstance(node, Scalar) and node.plain and node.value in {"", "~", "null", "Null", "NULL"}


def text_of(node: Node | None, default: str = "") -> str:
    """Return the value of a scalar, else `default`."""
    return node.value if isinstance(node, Scalar) else default


def scalars_of(node: Node | None) -> tuple[Scalar, ...]:
    """Return a scalar as a tuple of one, and the scalars of a sequence; everything else is empty."""
    if isinstance(node, Scalar):
        return (node,)
    if isinstance(node, Sequence):
        return tuple(item for item in node.items if isinstance(item, Scalar))
    return ()


def scalars_in(node: Node | None) -> Iterator[Scalar]:
    """Yield the scalars of a node at every depth, in the order of the file; keys are none."""
    pending = [node] if node is not None else []
    while pending:
        item = pending.pop()
        if isinstance(item, Scalar):
            yield item
        elif isinstance(item, Sequence):
            pending.extend(reversed(item.items))
        else:
            pending.extend(entry.value for entry in reversed(item.entries))


@frozen
class Document:
    """One document of a YAML file, with the text of the whole file (line ends as in the file)."""

    path: str
    text: str = field(repr=False)
    root: Node | None = None


@frozen
class Problem:
    """A file that could not be read, or a part of one: the reading goes on without it."""

    location: Location
    message: str
