"""A metrics route in a Python application."""

from __future__ import annotations

from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.python_metrics import MetricsRoute


def added_route(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of the application's files; empty when one is not in a form that can be edited."""
    ((form, class_name),) = task.decided
    app, *rest = task.sources
    changes = MetricsRoute(form, app, rest[0] if rest else None, class_name).changes()
    return tuple(FileSplices(path, splices) for path, splices in changes)


EDITORS = {"metrics-route": added_route}
