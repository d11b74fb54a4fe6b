"""The application that uvicorn serves gets a JSON formatter for its own lines and the server's."""

from __future__ import annotations

from scaffold.model.document import Location
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.uvicorn_logging import UvicornLogging


def uvicorn_logging(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of each file of the task; empty when one of them is not in a form that can be edited."""
    app = dict(task.decided)["app"]
    found = UvicornLogging(Location(app, 1), app, task.sources)
    return tuple(FileSplices(path, splices) for path, splices in found.changes())


EDITORS = {"uvicorn-logging": uvicorn_logging}
