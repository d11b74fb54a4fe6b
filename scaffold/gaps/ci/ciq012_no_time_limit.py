"""CIQ012: jobs that hang run for six hours, GitHub's own limit."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    jobs = [job for workflow in foreign_workflows(project) for job in workflow.jobs if job.node and not job.uses]
    unlimited = [job for job in jobs if job.node and job.node.get("timeout-minutes") is None]
    if not unlimited:
        return
    yield RULE.gap(
        resource="ci",
        subject="timeout-minutes",
        message=f"{len(unlimited)} of {len(jobs)} jobs have no time limit: one that hangs holds its runner for six hours.",
        expected="timeout-minutes at each job",
        actual="GitHub's limit of 360 minutes",
        locations=tuple(job.location for job in unlimited),
    )


RULE = Rule(
    code="CIQ012",
    name="no-time-limit",
    layer=Layer.CI,
    severity=Severity.INFO,
    detect=_detect,
    closers=(Closer(None, "advice", "Give each job `timeout-minutes`, about three times what it takes."),),
    maps_to=("zizmor:concurrency-limits",),
)
