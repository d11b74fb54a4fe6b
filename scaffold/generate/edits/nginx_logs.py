"""The access log of nginx as JSON, in the files that a container runs with."""

from __future__ import annotations

from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.nginx import ConfigFile, text_access_logs


def nginx_access_log(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of each file of the task that changes."""
    texts = {source.path: source.text for source in task.sources}
    logs = text_access_logs(tuple(ConfigFile(path, target, texts[path]) for path, target in task.decided))
    return tuple(FileSplices(path, splices) for path, splices in logs.changes) if logs else ()


EDITORS = {"nginx-access-log": nginx_access_log}
