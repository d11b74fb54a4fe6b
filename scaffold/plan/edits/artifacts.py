"""CIQ006 and CIQ007: reports are kept, under a name that no other leg of the matrix has."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.reports import kept_paths
from scaffold.model.workflow_steps import matrix_suffix, slug, step_at
from scaffold.plan.edits.kind import EditKind


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        for workflow, job, step in _steps(project, gap):
            if gap.code == "CIQ007":
                yield EditTask("upload-name", (gap,), (workflow.document,), decided=(("suffix", matrix_suffix(job)),))
            elif paths := kept_paths(workflow, job, step):
                name = f"{slug(job.id)}-{slug(step.id or step.name or 'reports')}"
                suffix = matrix_suffix(job) if job.matrix else ""
                listed = "".join(f"{posixpath.normpath(path)}\n" for path in paths)
                decided = (("name", f"{name}{suffix}"), ("paths", listed))
                yield EditTask("kept-report", (gap,), (workflow.document,), decided=decided)


def _steps(project: Project, gap: Gap) -> Iterator[tuple[Workflow, Job, Step]]:
    """Yield the step that a gap is about, with its workflow and job."""
    for workflow in project.workflows:
        node = step_at(workflow.document, gap.primary) if workflow.path == gap.primary.path else None
        for job in workflow.jobs if node else ():
            for step in job.steps:
                if node and job.id == node.job_id and step.location == node.step.location:
                    yield workflow, job, step


KIND = EditKind(frozenset({"CIQ006", "CIQ007"}), _plan)
"""Both are about artifacts of one step."""
