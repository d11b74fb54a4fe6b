"""A workflow event that is nested under another event, moved out to stand beside it."""

from __future__ import annotations

from scaffold.model.artifact import Splice
from scaffold.model.document import Mapping, Span, is_null
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.workflow_triggers import NestedEvent, nested_events


def workflow_trigger(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that give each nested event the indentation of the event that holds it; empty when one is unclear."""
    found = nested_events(task.document)
    if not all(_is_clear(nested) for nested in found):
        return ()
    splices = tuple(splice for nested in found for splice in _dedent(task.document.text, nested))
    return (FileSplices(task.document.path, splices),) if splices else ()


def _is_clear(nested: NestedEvent) -> bool:
    """Whether every key behind the nested event is known to be its own: only then does moving one line mend the block."""
    outer = nested.outer.value
    if not isinstance(outer, Mapping) or outer.flow:
        return False
    behind = outer.entries[outer.entries.index(nested.inner) + 1 :]
    following = nested.following if is_null(nested.inner.value) else ()
    return len(following) == len(behind)


def _dedent(text: str, nested: NestedEvent) -> list[Splice]:
    shift = nested.inner.key.location.column - nested.outer.key.location.column
    last = max(nested.inner.key.span.end, nested.inner.value.span.end)
    splices = []
    for start in _line_starts(text, nested.inner.key.span.start, last):
        indent = len(text) - start - len(text[start:].lstrip(" "))
        if text[start + indent : start + indent + 1] not in {"", "\r", "\n"}:
            splices.append(Splice(Span(start, start + min(shift, indent)), ""))
    return splices


def _line_starts(text: str, first: int, last: int) -> list[int]:
    """Return where the lines start that the range of characters touches."""
    starts = [text.rfind("\n", 0, first) + 1]
    while True:
        following = text.find("\n", starts[-1]) + 1
        if not following or following >= last:
            return starts
        starts.append(following)


EDITORS = {"workflow-trigger": workflow_trigger}
