"""Where in a YAML text something stands or can be added."""

from __future__ import annotations

from scaffold.model.document import Mapping, Node, Sequence, Span


def is_inside(home: Node, node: Node) -> bool:
    """Whether the node is written at its home itself, and does not come from an anchor elsewhere."""
    return home.span.start <= node.span.start and node.span.end <= home.span.end


def line_end(text: str) -> str:
    """Return the line end that the file uses."""
    return "\r\n" if "\r\n" in text else "\n"


def exact_span(node: Node) -> Span:
    """Return the span without the line end that a block sequence reaches over."""
    if isinstance(node, Sequence) and not node.flow and node.items:
        return Span(node.span.start, exact_span(node.items[-1]).end)
    return node.span


def end_of_block(text: str, node: Mapping) -> int:
    """Return the place behind the last line of a block mapping, comments on that line included."""
    last = len(text[: node.span.end].rstrip())
    end = text.find("\n", last)
    end = len(text) if end == -1 else end
    return end - 1 if text[end - 1 : end] == "\r" else end


def indent_of(text: str, node: Mapping) -> str | None:
    """Return the spaces before the keys of a block mapping, or None where they are written in another form."""
    if node.flow or not node.entries:
        return None
    start = node.entries[0].key.span.start
    indent = text[text.rfind("\n", 0, start) + 1 : start]
    return indent if not indent.strip(" ") else None
