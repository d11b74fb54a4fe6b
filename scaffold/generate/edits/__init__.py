"""Edits of the user's own files: splices at the positions that were read; comments, order, anchors and line ends stay."""

from __future__ import annotations

from scaffold.generate.edits.dependencies import healthy_dependency
from scaffold.generate.edits.healthchecks import passing_healthcheck
from scaffold.generate.edits.triggers import workflow_trigger
from scaffold.model.artifact import Edit, Rendering, Skipped, Splice
from scaffold.model.gap import Gap
from scaffold.model.target import EditTask, Target

_BY_HAND = "the lines are shared or written in a form that scaffold does not edit; change them by hand"
_EDITORS = {
    "healthy-dependency": healthy_dependency,
    "passing-healthcheck": passing_healthcheck,
    "workflow-trigger": workflow_trigger,
}


def render(target: Target) -> Rendering:
    """Return one edit per file, made of the splices of all its tasks.

    A condition is changed only together with the healthcheck that it would wait for in vain.
    """
    made = [(task, _EDITORS[task.kind](task)) for task in target.edit_tasks]
    mended = {gap.resource for task, splices in made if splices for gap in task.gaps if gap.code == "CMP003"}
    edits: dict[str, Edit] = {}
    skipped = []
    for task, splices in made:
        path = task.document.path
        if splices and all(_may_wait(gap, mended) for gap in task.gaps):
            edits[path] = _joined(edits.get(path), task, splices)
        else:
            skipped.append(Skipped(path, f"{task.gaps[0].code} {task.gaps[0].resource}: {_BY_HAND}"))
    return Rendering(edits=tuple(edits[path] for path in sorted(edits)), skipped=tuple(skipped))


def _may_wait(gap: Gap, mended: set[str]) -> bool:
    """Whether the awaited service's healthcheck can pass, today or after this edit."""
    stack, _, _ = gap.resource.rpartition("/")
    awaited = gap.subject.rpartition("/")[2]
    return "CMP003" not in gap.blocked_by or f"{stack}/{awaited}" in mended


def _joined(edit: Edit | None, task: EditTask, splices: tuple[Splice, ...]) -> Edit:
    codes = tuple(gap.code for gap in task.gaps)
    closes = tuple(gap.fingerprint for gap in task.gaps)
    why = "; ".join(f"{gap.code} {gap.resource}: {gap.expected}" for gap in task.gaps)
    if edit is None:
        return Edit(task.document.path, splices, codes, closes, why)
    together = tuple(dict.fromkeys((*edit.splices, *splices)))
    return Edit(edit.path, together, (*edit.codes, *codes), (*edit.closes, *closes), f"{edit.why}; {why}")
