"""Lines added to a workflow of the user's: keys of a step, steps behind a step, rights of a job."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Dict
from typing import Any

from scaffold.generate.workflow_text import steps_text
from scaffold.model.artifact import Splice
from scaffold.model.document import Entry, Mapping, Span
from scaffold.model.workflow_steps import last_end


def line_end_of(text: str) -> str:
    """Return the line end that a file uses."""
    return "\r\n" if "\r\n" in text else "\n"


def end_of_line(text: str, position: int) -> int:
    """Return the offset of the line end behind a position: a comment there stays with its line."""
    found = text.find("\n", position)
    end = len(text) if found < 0 else found
    return end - 1 if text[end - 1 : end] == "\r" else end


def append_entry(text: str, mapping: Mapping, line: str) -> Splice:
    """Return the splice that adds `line` as the last key of a mapping; in a flow mapping its note is dropped."""
    if mapping.flow:
        separator = ", " if mapping.entries else ""
        end = mapping.span.end - 1
        start = len(text[:end].rstrip())
        return Splice(Span(start, start), f"{separator}{line.partition(' #')[0]}")
    indent = " " * (mapping.entries[0].key.location.column - 1)
    end = end_of_line(text, last_end(text, mapping))
    return Splice(Span(end, end), f"{line_end_of(text)}{indent}{line}")


def before_entry(text: str, entry: Entry, line: str) -> Splice:
    """Return the splice that puts `line` as a key before another key of a block mapping, behind the dash if that is first."""
    start = entry.key.span.start
    return Splice(Span(start, start), f"{line}{line_end_of(text)}{' ' * (entry.key.location.column - 1)}")


def before_block(text: str, entry: Entry, lines: str) -> Splice:
    """Return the splice that puts whole lines before the line of a key, and before the comments that stand right above it."""
    start = text.rfind("\n", 0, entry.key.span.start) + 1
    while start and (above := text.rfind("\n", 0, start - 1) + 1) < start and text[above:start].lstrip().startswith("#"):
        start = above
    return Splice(Span(start, start), lines.replace("\n", line_end_of(text)))


def steps_behind(text: str, step: Mapping, steps: Iterable[Dict[str, Any]]) -> Splice:
    """Return the splice that adds steps behind a step, apart by blank lines where the file does that."""
    dash = text.rfind("-", 0, step.span.start)
    line_start = text.rfind("\n", 0, dash) + 1
    written = steps_text(steps, dash - line_start).rstrip("\n")
    apart = text[:line_start].rstrip(" \t").endswith(("\n\n", "\r\n\r\n")) or _is_followed_by_blank(text, step)
    body = written if apart else written.replace("\n\n", "\n")
    end = end_of_line(text, last_end(text, step))
    separator = "\n\n" if apart else "\n"
    return Splice(Span(end, end), (separator + body).replace("\n", line_end_of(text)))


def _is_followed_by_blank(text: str, step: Mapping) -> bool:
    rest = text[end_of_line(text, last_end(text, step)) :].replace("\r", "")
    return rest.startswith("\n\n") and rest.lstrip("\n").lstrip(" ").startswith("-")
