"""Edits of the user's own files: splices at the positions that were read; comments, order, anchors and line ends stay."""

from __future__ import annotations

from scaffold.generate.edits.dependencies import healthy_dependency
from scaffold.generate.edits.healthchecks import passing_healthcheck
from scaffold.generate.edits.triggers import workflow_trigger
from scaffold.model.artifact import Edit, Rendering, Skipped, Splice
from scaffold.model.target import EditTask, Target

_EDITORS = {
    "healthy-dependency": healthy_dependency,
    "passing-healthcheck": passing_healthcheck,
    "workflow-trigger": workflow_trigger,
}


def render(target: Target) -> Rendering:
    """Return one edit per file, made of the splices of all its tasks."""
    edits: dict[str, Edit] = {}
    skipped = []
    for task in target.edit_tasks:
        splices = _EDITORS[task.kind](task)
        if not splices:
            skipped.append(
                Skipped(
                    task.document.path,
                    f"{task.gaps[0].code}: the lines are shared or written in a form that "
                    "scaffold does not edit; change them by hand",
                )
            )
            continue
        path = task.document.path
        edits[path] = _joined(edits.get(path), task, splices)
    return Rendering(edits=tuple(edits[path] for path in sorted(edits)), skipped=tuple(skipped))


def _joined(edit: Edit | None, task: EditTask, splices: tuple[Splice, ...]) -> Edit:
    codes = tuple(gap.code for gap in task.gaps)
    closes = tuple(gap.fingerprint for gap in task.gaps)
    why = "; ".join(f"{gap.code} {gap.resource}: {gap.expected}" for gap in task.gaps)
    if edit is None:
        return Edit(task.document.path, splices, codes, closes, why)
    together = tuple(dict.fromkeys((*edit.splices, *splices)))
    return Edit(edit.path, together, (*edit.codes, *codes), (*edit.closes, *closes), f"{edit.why}; {why}")
