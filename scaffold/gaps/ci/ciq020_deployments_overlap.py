"""CIQ020: two pushes after each other deploy at the same time, and the older one may be the last to arrive."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows, unknown_needs
from scaffold.gaps.facts import listed
from scaffold.model.deployments import is_deployment, renews_a_host
from scaffold.model.document import find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow

_BY_ITSELF = frozenset({"push", "workflow_run", "schedule", "repository_dispatch", "merge_group"})
"""Events that start a run when nobody watches the one before; a release or a form is started by a person."""


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        if not _BY_ITSELF & set(workflow.events) or find(workflow.document.root, "concurrency") or any(unknown_needs(workflow)):
            continue
        jobs = [job for job in workflow.jobs if _is_free(project, workflow, job)]
        if jobs:
            yield _gap(workflow, jobs)


def _is_free(project: Project, workflow: Workflow, job: Job, callers: tuple[str, ...] = ()) -> bool:
    """Whether a job deploys, by itself or by the workflow that it calls, and no group holds it back.

    `callers` are the paths of the workflows above: one that calls itself, which GitHub refuses, deploys nothing.
    """
    called = next((item for item in project.workflows if job.uses and item.path == job.uses.removeprefix("./")), None)
    if find(job.node, "concurrency"):
        return False
    if called is None:
        return is_deployment(workflow, job) or renews_a_host(workflow, job)
    above = (*callers, workflow.path)
    if called.path in above or find(called.document.root, "concurrency"):
        return False
    return any(_is_free(project, called, item, above) for item in called.jobs)


def _gap(workflow: Workflow, jobs: list[Job]) -> Gap:
    return RULE.gap(
        resource=workflow.path,
        subject="concurrency",
        message=f"No concurrency group holds the {'job' if len(jobs) == 1 else 'jobs'} {listed(job.id for job in jobs)}: two"
        " pushes within a few minutes deploy at the same time, and where the older run ends last, the older release stays.",
        expected="concurrency: {group: production, cancel-in-progress: false}",
        actual="no concurrency, neither at the job nor at the workflow",
        locations=tuple(job.location for job in jobs),
    )


RULE = Rule(
    code="CIQ020",
    name="deployments-overlap",
    layer=Layer.CI,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the job `concurrency: {group: production, cancel-in-progress: false}`: the next deployment then waits.",
        ),
    ),
)
