"""Lines for the user's env template or ignore file: the task itself carries them."""

from __future__ import annotations

from scaffold.model.edits import EditTask, FileSplices


def template_lines(task: EditTask) -> tuple[FileSplices, ...]:
    """Return nothing beside the lines that the task appends."""
    del task
    return ()


EDITORS = {"template-lines": template_lines, "ignore-lines": template_lines}
