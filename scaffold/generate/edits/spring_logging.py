"""The JSON format of Spring Boot's log lines, in the settings of the application."""

from __future__ import annotations

from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.spring_logging import structured


def spring_format(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice of the settings; empty when they are not in a form that can be edited."""
    (source,) = task.sources
    splices = structured(source.text, source.path, task.documents[0] if task.documents else None)
    return (FileSplices(source.path, splices),) if splices else ()


EDITORS = {"spring-logging": spring_format}
