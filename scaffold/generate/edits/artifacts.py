"""Artifacts of test jobs: a name of its own for each leg of a matrix, and an upload behind the step that writes a report."""

from __future__ import annotations

from scaffold.generate.actions import use
from scaffold.generate.edits.workflow_lines import steps_behind
from scaffold.model.artifact import Splice
from scaffold.model.document import Scalar, Span
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.workflow_steps import step_at


def upload_name(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that adds what varies to the name of an artifact."""
    node = step_at(task.document, task.gaps[0].primary)
    name = node.input("name") if node else None
    if not isinstance(name, Scalar) or name.tag or "\n" in name.raw:
        return ()
    end = name.span.end - (0 if name.plain else 1)
    splice = Splice(Span(end, end), dict(task.decided)["suffix"])
    return (FileSplices(task.document.path, (splice,)),)


def kept_report(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that uploads what a step reports, also after a failure."""
    node = step_at(task.document, task.gaps[0].primary)
    decided = dict(task.decided)
    if node is None:
        return ()
    inputs = {"name": decided["name"], "path": decided["paths"], "if-no-files-found": "ignore", "retention-days": 14}
    step = use("actions/upload-artifact", "Keep the reports", if_="${{ !cancelled() }}", with_=inputs)
    return (FileSplices(task.document.path, (steps_behind(task.document.text, node.step, [step]),)),)


EDITORS = {"upload-name": upload_name, "kept-report": kept_report}
