"""A healthcheck that can pass: in place of one that cannot, or where there is none."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scaffold.generate.edits.places import end_of_block, exact_span, indent_of, is_inside, line_end
from scaffold.model.artifact import Splice
from scaffold.model.document import Document, Mapping, Span, find
from scaffold.model.edits import EditTask, FileSplices

_TIMINGS = ("interval: 10s", "timeout: 5s", "retries: 5", "start_period: 30s")


def passing_healthcheck(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that replaces `test`; empty when the test is not written at the service itself."""
    home = find(task.document.root, "services", task.service)
    test = find(home, "healthcheck", "test")
    if home is None or test is None or not is_inside(home, test):
        return ()
    return (FileSplices(task.document.path, (Splice(exact_span(test), _written(task.healthcheck)),)),)


def added_healthcheck(document: Document, service: str, test: Sequence[str]) -> Splice | None:
    """Return the splice that adds a healthcheck behind the last line of a service; None where it is not a block of its own."""
    home = find(document.root, "services", service)
    if not isinstance(home, Mapping) or home.get("healthcheck") is not None:
        return None
    indent = indent_of(document.text, home)
    if indent is None:
        return None
    lines = ("healthcheck:", f"  test: {_written(test)}", *(f"  {timing}" for timing in _TIMINGS))
    place = end_of_block(document.text, home)
    return Splice(Span(place, place), "".join(f"{line_end(document.text)}{indent}{line}" for line in lines))


def _written(test: Sequence[str]) -> str:
    return f"[{', '.join(json.dumps(word, ensure_ascii=False) for word in test)}]"


EDITORS = {"passing-healthcheck": passing_healthcheck}
