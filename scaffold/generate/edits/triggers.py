"""A workflow event that is nested under another event, moved out to stand beside it."""

from __future__ import annotations

from scaffold.model.artifact import Splice
from scaffold.model.document import Span
from scaffold.model.target import EditTask
from scaffold.model.workflow_triggers import nested_events


def workflow_trigger(task: EditTask) -> tuple[Splice, ...]:
    """Return the splices that give each nested event the indentation of the event that holds it."""
    splices: list[Splice] = []
    text = task.document.text
    for nested in nested_events(task.document):
        shift = nested.key.location.column - nested.parent.location.column
        last = max(nested.key.span.end, nested.value.span.end)
        for start in _line_starts(text, nested.key.span.start, last):
            line_end = text.find("\n", start)
            line = text[start : line_end if line_end >= 0 else len(text)]
            removable = min(shift, len(line) - len(line.lstrip(" ")))
            if line.strip() and removable:
                splices.append(Splice(Span(start, start + removable), ""))
    return tuple(splices)


def _line_starts(text: str, first: int, last: int) -> list[int]:
    """Return where the lines start that the range of characters touches."""
    starts = [text.rfind("\n", 0, first) + 1]
    while True:
        following = text.find("\n", starts[-1]) + 1
        if not following or following >= last:
            return starts
        starts.append(following)
