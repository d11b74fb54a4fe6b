"""A healthcheck that can pass: in place of one that cannot, or where there is none."""

from __future__ import annotations

import json

from scaffold.generate.edits.places import end_of_block, exact_span, indent_of, is_inside, line_end
from scaffold.model.artifact import Splice
from scaffold.model.document import Mapping, Span, find
from scaffold.model.edits import EditTask, FileSplices

_TIMINGS = ("interval: 10s", "timeout: 5s", "retries: 5", "start_period: 30s")


def passing_healthcheck(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that replaces `test`; empty when the test is not written at the service itself."""
    home = find(task.document.root, "services", task.service)
    test = find(home, "healthcheck", "test")
    if home is None or test is None or not is_inside(home, test):
        return ()
    return (FileSplices(task.document.path, (Splice(exact_span(test), _written(task)),)),)


def added_healthcheck(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that adds a healthcheck behind the last line of a service; empty where it is not a block of its own."""
    text = task.document.text
    home = find(task.document.root, "services", task.service)
    if not isinstance(home, Mapping) or home.get("healthcheck") is not None:
        return ()
    indent = indent_of(text, home)
    if indent is None:
        return ()
    lines = ("healthcheck:", f"  test: {_written(task)}", *(f"  {timing}" for timing in _TIMINGS))
    added = "".join(f"{line_end(text)}{indent}{line}" for line in lines)
    place = end_of_block(text, home)
    return (FileSplices(task.document.path, (Splice(Span(place, place), added),)),)


def _written(task: EditTask) -> str:
    return f"[{', '.join(json.dumps(word, ensure_ascii=False) for word in task.healthcheck)}]"


EDITORS = {"passing-healthcheck": passing_healthcheck, "added-healthcheck": added_healthcheck}
