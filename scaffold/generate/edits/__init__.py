"""Edits of the user's own files: splices at the positions that were read; comments, order, anchors and line ends stay."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module

from scaffold.model.artifact import Splice
from scaffold.model.edits import EditTask, FileSplices, Proposal
from scaffold.model.guards import references_in, without_defaults

_ONLY_APPENDS = "template-lines"
Editor = Callable[[EditTask], tuple[FileSplices, ...]]


@cache
def editors() -> dict[str, Editor]:
    """Return the editor of each kind of task, from the `EDITORS` of the modules of this package."""
    modules = (import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__))
    return {kind: editor for module in modules for kind, editor in getattr(module, "EDITORS", {}).items()}


def propose(tasks: tuple[EditTask, ...]) -> tuple[Proposal, ...]:
    """Return each task with its splices; a task whose lines cannot be edited, or that is blocked, has none."""
    guardians = {name: task for task in tasks if not task.blocked for name in task.guards}
    return tuple(_proposal(task, guardians) for task in tasks)


def _proposal(task: EditTask, guardians: dict[str, EditTask]) -> Proposal:
    if task.blocked:
        return Proposal(task, reason=task.blocked)
    files = editors()[task.kind](task)
    if not files and not (task.kind == _ONLY_APPENDS and task.appends):
        return Proposal(task)
    task, files = _with_guards(task, files, guardians)
    appended = tuple(FileSplices(append.source.path, (append.splice,)) for append in task.appends)
    return Proposal(task, (*files, *appended))


def _with_guards(
    task: EditTask, files: tuple[FileSplices, ...], guardians: dict[str, EditTask]
) -> tuple[EditTask, tuple[FileSplices, ...]]:
    """Keep an edit from writing a default that another edit of this run takes away: they are then done together."""
    others = {name: other for name, other in guardians.items() if name not in task.guards}
    named = [
        item.name
        for file in files
        for splice in file.splices
        for item in references_in(splice.text)
        if item.operator in {":-", "-"} and item.name in others
    ]
    if not named:
        return task, files
    needs = dict.fromkeys((*task.needs, *(sorted(others[name].marks)[0] for name in named)))
    template = dict(others[named[0]].decided).get("template", ".env.example")
    return replace(task, needs=tuple(needs)), tuple(_guarded(file, frozenset(named), template) for file in files)


def _guarded(file: FileSplices, names: frozenset[str], template: str) -> FileSplices:
    return replace(
        file, splices=tuple(Splice(splice.span, without_defaults(splice.text, names, template)) for splice in file.splices)
    )
