"""CIQ017: the next push ends a deployment that is half done."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.model.deployments import is_deployment, run_text
from scaffold.model.document import Location, find, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.starting import RUNS

_ROUTE = ("concurrency", "cancel-in-progress")


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        jobs = [job for job in workflow.jobs if is_deployment(workflow, job)]
        found = {job.id: place for job in jobs if (place := _cancelled_at(workflow, job))}
        migrates = any(RUNS.search(run_text(step)) for job in jobs if job.id in found for step in job.steps)
        if found:
            yield RULE.gap(
                resource=workflow.path,
                subject="concurrency/cancel-in-progress",
                message=f"A second run cancels the job {listed(found)} wherever it stands: containers half replaced,"
                f"{' a migration half done,' if migrates else ''} and nothing that cleans up.",
                expected="cancel-in-progress: false, so that the next deployment waits for this one",
                actual="cancel-in-progress: true",
                locations=tuple(dict.fromkeys(found.values())),
                related=tuple(job.location for job in jobs if job.id in found),
                severity=Severity.MEDIUM if migrates else Severity.LOW,
            )


def _cancelled_at(workflow: Workflow, job: Job) -> Location | None:
    """Return the line that lets a later run cancel a job: its own, or the whole workflow's."""
    for node in (job.node, workflow.document.root):
        value = find(node, *_ROUTE)
        if value is not None and text_of(value).strip().lower() == "true":
            return value.location
    return None


RULE = Rule(
    code="CIQ017",
    name="deployment-may-be-cancelled",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the deployment a `concurrency` group of its own with `cancel-in-progress: false`; tests may keep theirs.",
        ),
    ),
)
