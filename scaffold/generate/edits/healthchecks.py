"""A healthcheck test that can pass, in place of one that cannot."""

from __future__ import annotations

import json

from scaffold.model.artifact import Splice
from scaffold.model.document import Node, Sequence, Span, find
from scaffold.model.edits import EditTask, FileSplices


def passing_healthcheck(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that replaces `test`; empty when the test is not written at the service itself."""
    home = find(task.document.root, "services", task.service)
    test = find(home, "healthcheck", "test")
    if home is None or test is None or not (home.span.start <= test.span.start and test.span.end <= home.span.end):
        return ()
    written = ", ".join(json.dumps(word, ensure_ascii=False) for word in task.healthcheck)
    return (FileSplices(task.document.path, (Splice(_exact_span(test), f"[{written}]"),)),)


def _exact_span(node: Node) -> Span:
    """Return the span without the line end that a block sequence reaches over."""
    if isinstance(node, Sequence) and not node.flow and node.items:
        return Span(node.span.start, _exact_span(node.items[-1]).end)
    return node.span


EDITORS = {"passing-healthcheck": passing_healthcheck}
