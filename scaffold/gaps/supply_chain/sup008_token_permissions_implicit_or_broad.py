"""SUP008: a workflow says nothing of what its token may do, or lets it do more than any step needs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.document import Location, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.workflow_steps import needs_only_reading

_EVERYTHING = ["*: write"]


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        if not workflow.jobs:
            continue
        broad = [f"{scope}: {level}" for scope, level in workflow.permissions or () if level == "write"]
        if broad and (len(workflow.jobs) > 1 or broad == _EVERYTHING):
            yield _broad(workflow, broad)
        elif workflow.permissions is None and any(job.permissions is None and not job.uses for job in workflow.jobs):
            yield _silent(workflow)


def _broad(workflow: Workflow, broad: list[str]) -> Gap:
    node = find(workflow.document.root, "permissions")
    everything = broad == _EVERYTHING
    rights = "everything" if everything else ", ".join(broad)
    return RULE.gap(
        resource=workflow.path,
        subject="permissions/workflow",
        message=f"Every job of the workflow may write ({rights}), also the jobs that only read."
        if len(workflow.jobs) > 1
        else "The workflow's one job may write everything: what breaks into a step has the repository.",
        expected="permissions: {} at the top, and what a job needs at the job",
        actual="write for every job",
        locations=(node.location if node else Location(workflow.path, 1),),
        severity=Severity.MEDIUM if everything else Severity.LOW,
        closers=(Closer(None, "advice", "Move each right to the job whose steps need it."),),
    )


def _silent(workflow: Workflow) -> Gap:
    editable = all(job.permissions is not None or needs_only_reading(job) for job in workflow.jobs)
    return RULE.gap(
        resource=workflow.path,
        subject="permissions",
        message="The workflow does not say what its token may do, so it has whatever the repository or organisation grants.",
        expected="permissions: contents: read at the top, more only at the jobs that need it",
        actual="no permissions declared",
        locations=(workflow.on_location or Location(workflow.path, 1),),
        closers=RULE.closers if editable else (Closer(None, "advice", _ADVICE),),
    )


_ADVICE = "Write `permissions: contents: read` at the top and add, job by job, what its steps write with the token."

RULE = Rule(
    code="SUP008",
    name="token-permissions-implicit-or-broad",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    maps_to=("zizmor:excessive-permissions", "CKV2_GHA_1"),
    cause=Cause.PROJECT,
)
