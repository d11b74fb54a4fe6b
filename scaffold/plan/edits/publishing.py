"""SUP009 and SUP013 about PyPI: one change of the step that uploads closes both."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.publishing import trusted_upload
from scaffold.model.workflow_steps import granted_rights, step_at
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for workflow, job, step in _uploads(project):
        upload = trusted_upload(workflow, job, step)
        about = tuple(gap for gap in gaps if _is_about(workflow, step, gap))
        if upload and about:
            decided = (
                ("folder", upload.folder),
                ("skip", "yes" if upload.skip_existing else ""),
                ("environment", "pypi"),
                ("rights", granted_rights(workflow, job)),
            )
            yield EditTask("trusted-publishing", about, (workflow.document,), decided=decided)


def _uploads(project: Project) -> Iterator[tuple[Workflow, Job, Step]]:
    for workflow in project.workflows:
        for job in workflow.jobs:
            for step in job.steps:
                yield workflow, job, step


def _is_about(workflow: Workflow, step: Step, gap: Gap) -> bool:
    node = step_at(workflow.document, gap.primary) if gap.primary.path == workflow.path else None
    return node is not None and node.step.location == step.location


KIND = EditKind(frozenset({"SUP009", "SUP013"}), _plan)
"""Gaps of other credentials have no edit and are not asked for."""
