"""Interpolates the scalars of a document, with the provenance of each value."""

from __future__ import annotations

from dataclasses import dataclass

from scaffold.model.document import Entry, Mapping, Node, Problem, Scalar, Sequence
from scaffold.model.interpolation import InterpolationError, Lookup, references, substitute


@dataclass(slots=True)
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
        items = tuple(self.node(item) for item in node.items)
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node
        return Sequence(items, node.location, node.span, node.flow, node.tag)

    def mapping(self, node: Mapping) -> Mapping:
        """Return the mapping with its values interpolated, itself where nothing changes."""
        values = [self.node(entry.value) for entry in node.entries]
        if all(value is entry.value for value, entry in zip(values, node.entries, strict=True)):
            return node
        entries = tuple(
            entry if value is entry.value else Entry(entry.key, value)
            for entry, value in zip(node.entries, values, strict=True)
        )
        return Mapping(entries, node.location, node.span, node.flow, node.tag)

    def scalar(self, node: Scalar) -> Scalar:
        """Return the scalar with its value interpolated and its references kept; the text stays in `raw`."""
        value = ""
        try:
            value = substitute(node.value, self.lookup, strict=self.strict)
        except InterpolationError as error:
            self.problems.append(Problem(node.location, str(error)))
        return Scalar(value, node.location, node.span, node.value, node.plain, node.tag, references(node.value))
