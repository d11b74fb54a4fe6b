"""Interpolates the scalars of a document, with the provenance of each value."""

from __future__ import annotations

from operator import is_

from scaffold.model.document import Entry, Mapping, Node, Problem, Scalar, Sequence
from scaffold.model.frozen import changing
from scaffold.model.interpolation import InterpolationError, Lookup, references, substitute


@changing
class Interpolator:
    """Interpolates the scalars of a tree, each shared node once; refused texts keep "" and become problems.

    Only when `strict` is a required variable without a value a problem: gaps and generate never need a real `.env`.
    """

    lookup: Lookup
    problems: list[Problem]
    strict: bool = False
    _done: dict[int, tuple[Node, Node]] | None = None

    def node(self, node: Node) -> Node:
        """Return the tree with values interpolated; keys stay as they are."""
        if isinstance(node, Scalar):
            return self.scalar(node) if "$" in node.value else node
        if self._done is None:
            self._done = {}
        known = self._done.get(id(node))
        if known is not None:
            return known[1]
        result = self.sequence(node) if isinstance(node, Sequence) else self.mapping(node)
        self._done[id(node)] = (node, result)
        return result

    def sequence(self, node: Sequence) -> Sequence:
        """Return the sequence with its items interpolated, itself where nothing changes."""
        items = [item if _is_literal(item) else self.node(item) for item in node.items]
        if all(map(is_, items, node.items)):
            return node
        return Sequence(tuple(items), node.location, node.span, node.flow, node.tag)

    def mapping(self, node: Mapping) -> Mapping:
        """Return the mapping with its values interpolated, itself where nothing changes."""
        entries = [entry if _is_literal(entry.value) else self.entry(entry) for entry in node.entries]
        if all(map(is_, entries, node.entries)):
            return node
        return Mapping(tuple(entries), node.location, node.span, node.flow, node.tag)

    def entry(self, entry: Entry) -> Entry:
        """Return the entry with its value interpolated, itself where nothing changes."""
        value = self.node(entry.value)
        return entry if value is entry.value else Entry(entry.key, value)

    def scalar(self, node: Scalar) -> Scalar:
        """Return the scalar with its value interpolated and its references kept; the text stays in `raw`."""
        value = ""
        try:
            value = substitute(node.value, self.lookup, strict=self.strict)
        except InterpolationError as error:
            self.problems.append(Problem(node.location, str(error)))
        return Scalar(value, node.location, node.span, node.value, node.plain, node.tag, references(node.value))


def _is_literal(node: Node) -> bool:
    """Whether a node is a text without variables, as most are."""
    return node.__class__ is Scalar and "$" not in node.value
