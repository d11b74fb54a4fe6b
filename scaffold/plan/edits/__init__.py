"""Which gaps can be closed by an edit of the user's own file, grouped so that what belongs together changes together.

A kind of edit is one module here with a `KIND` (which gaps, and the tasks for them) and one in scaffold/generate/edits/ with
an `EDITORS` (the splices of a task): both packages find their modules by themselves.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind


@cache
def edit_kinds() -> tuple[EditKind, ...]:
    """Return every kind of edit, by the name of its module."""
    modules = (import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    found = [(module.__name__, module.KIND) for module in modules if hasattr(module, "KIND")]
    return tuple(kind for _, kind in sorted(found, key=lambda item: item[0]))


def plan_edits(project: Project, gaps: tuple[Gap, ...]) -> tuple[EditTask, ...]:
    """Return the edits that could close gaps, in the order of files, codes and resources."""
    ready = tuple(gap for gap in gaps if any(closer.kind == "edit" for closer in gap.closes))
    tasks = (
        task
        for kind in edit_kinds()
        if (wanted := tuple(gap for gap in ready if gap.code in kind.codes))
        for task in kind.plan(project, wanted)
    )
    return tuple(sorted(tasks, key=_order))


def _order(task: EditTask) -> tuple[str, str, str, str]:
    first = task.gaps[0]
    return (first.primary.path, first.code, first.resource, first.subject)
