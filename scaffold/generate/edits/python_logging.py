"""The logging setup of a Python application, writing JSON."""

from __future__ import annotations

from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.python_logging import logging_edit


def json_logging(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of each file of the task; empty when one of them is not in a form that can be edited."""
    texts = {source.path: source.text for source in task.sources}
    made = []
    for path, decision in task.decided:
        words = decision.split()
        lines = frozenset(int(word) for word in words if word.isdigit())
        edit = logging_edit(path, texts[path], lines, celery="celery" in words)
        if edit is None:
            return ()
        made.append(FileSplices(path, edit.splices))
    return tuple(made)


EDITORS = {"json-logging": json_logging}
