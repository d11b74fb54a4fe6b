"""Edits of the user's own files: splices at the positions that were read; comments, order, anchors and line ends stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module

from scaffold.model.artifact import Splice
from scaffold.model.edits import EditTask, FileSplices, Proposal
from scaffold.model.guards import references_in, without_defaults

_ONLY_APPEND = frozenset({"template-lines", "ignore-lines"})
Editor = Callable[[EditTask], tuple[FileSplices, ...]]


_KINDS = {
    "artifacts": (
        "upload-name",
        "kept-report",
    ),
    "compose_values": (
        "added-profiles",
        "found-dockerfile",
        "reset-lists",
    ),
    "credentials": (
        "guarded-default",
        "guarded-literal",
        "guarded-reference",
    ),
    "delivery": (
        "guarded-push",
        "attested-build",
        "signed-image",
        "reading-only",
    ),
    "dependencies": (
        "changed-dependencies",
        "checked-stores",
    ),
    "healthchecks": ("passing-healthcheck",),
    "lines": (
        "removed-lines",
        "commented-lines",
        "env-values",
        "debug-off",
        "added-line",
    ),
    "listed_files": ("listed-files",),
    "nginx_logs": ("nginx-access-log",),
    "ports": ("loopback-port",),
    "publishing": ("trusted-publishing",),
    "python_logging": ("json-logging",),
    "python_metrics": ("metrics-route",),
    "python_settings": (
        "random-key",
        "origins-variable",
    ),
    "scrapes": (
        "scrape-targets",
        "scrape-jobs",
    ),
    "spring_logging": ("spring-logging",),
    "templates": (
        "template-lines",
        "ignore-lines",
    ),
    "triggers": ("workflow-trigger",),
    "uvicorn_logging": ("uvicorn-logging",),
}
"""The kinds of task that each module of this package edits: only the modules that a run needs are loaded."""


@cache
def editor(kind: str) -> Editor:
    """Return the editor of a kind of task; raises KeyError for a kind that none of `_KINDS` has."""
    home = {name: module for module, names in _KINDS.items() for name in names}[kind]
    editors: dict[str, Editor] = import_module(f"{__name__}.{home}").EDITORS
    return editors[kind]


def propose(tasks: tuple[EditTask, ...]) -> tuple[Proposal, ...]:
    """Return each task with its splices; a task whose lines cannot be edited, or that is blocked, has none."""
    guardians = {name: task for task in tasks if not task.blocked for name in task.guards}
    return tuple(_proposal(task, guardians) for task in tasks)


def _proposal(task: EditTask, guardians: dict[str, EditTask]) -> Proposal:
    if task.blocked:
        return Proposal(task, reason=task.blocked)
    files = editor(task.kind)(task)
    if not files and not (task.kind in _ONLY_APPEND and task.appends):
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
