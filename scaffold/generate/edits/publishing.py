"""A step that uploads to PyPI with a token becomes trusted publishing."""

from __future__ import annotations

from typing import Any

from scaffold.generate.actions import use
from scaffold.generate.edits.workflow_lines import before_block, line_end_of
from scaffold.generate.edits.workflow_rights import identity
from scaffold.generate.workflow_text import steps_text
from scaffold.model.artifact import Splice
from scaffold.model.document import Entry, Mapping, Span
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.publishing import PYPI
from scaffold.model.workflow_steps import last_end, step_at


def trusted_publishing(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that put the action in place of twine, take its token away and give the job an identity."""
    text, decided = task.document.text, dict(task.decided)
    node = step_at(task.document, task.gaps[0].primary)
    run = node.step.entry("run") if node else None
    if node is None or run is None:
        return ()
    splices = [*_without_environment(text, node.step), _action(text, run, decided)]
    splices += identity(text, node.job, decided["rights"], "publish as this workflow, without a token")
    steps = node.job.entry("steps")
    if steps and decided["environment"]:
        indent = " " * (steps.key.location.column - 1)
        splices.append(before_block(text, steps, f"{indent}environment: {decided['environment']}\n"))
    return (FileSplices(task.document.path, tuple(splices)),)


def _without_environment(text: str, step: Mapping) -> list[Splice]:
    """Return the splice that takes the lines of `env` out."""
    entry = step.entry("env")
    if entry is None:
        return []
    start = text.rfind("\n", 0, entry.key.span.start) + 1
    end = text.find("\n", last_end(text, entry.value)) + 1
    return [Splice(Span(start, end or len(text)), "")]


def _action(text: str, run: Entry, decided: dict[str, str]) -> Splice:
    """Return the splice that writes the action with its inputs in place of the command."""
    inputs: dict[str, object] = {} if decided["folder"] == "dist" else {"packages-dir": f"{decided['folder']}/"}
    inputs |= {"skip-existing": True} if decided["skip"] else {}
    given: dict[str, Any] = {"with_": inputs} if inputs else {}
    step = use(PYPI, **given)
    written = steps_text([step], run.key.location.column - 3).strip().removeprefix("- ")
    return Splice(Span(run.key.span.start, last_end(text, run.value)), written.replace("\n", line_end_of(text)))


EDITORS = {"trusted-publishing": trusted_publishing}
