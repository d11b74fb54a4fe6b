"""Edits of the user's own files: splices at the positions that were read; comments, order, anchors and line ends stay."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from functools import cache
from importlib import import_module

from scaffold.model.edits import EditTask, FileSplices, Proposal

Editor = Callable[[EditTask], tuple[FileSplices, ...]]


@cache
def editors() -> dict[str, Editor]:
    """Return the editor of each kind of task, from the `EDITORS` of the modules of this package."""
    modules = (import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return {kind: editor for module in modules for kind, editor in getattr(module, "EDITORS", {}).items()}


def propose(tasks: tuple[EditTask, ...]) -> tuple[Proposal, ...]:
    """Return each task with its splices; a task whose lines cannot be edited has none."""
    return tuple(Proposal(task, editors()[task.kind](task)) for task in tasks)
