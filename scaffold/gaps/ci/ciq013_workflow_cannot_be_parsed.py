"""CIQ013: a workflow is not YAML that GitHub can read, or names jobs that it lacks, so nothing of it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows, unknown_needs
from scaffold.gaps.facts import listed
from scaffold.model.document import Mapping, Problem, Sequence, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

_NEEDS = "Name a job of the same file; to wait for another workflow, start this one by `workflow_run` when that one succeeded."
_RELEASES = regex(
    r"deploy|release|publish|\bpush:\s*true\b|docker(?: image)? push|build-push-action|terraform apply"
    r"|\bkubectl\b|\bhelm\b|\bssh\b",
    re.IGNORECASE,
)
_WORKFLOW = regex(r"\.github/workflows/[^/]+\.ya?ml")


def _detect(project: Project) -> Iterator[Gap]:
    broken: dict[str, Problem] = {}
    for problem in project.problems:
        path = problem.location.path
        if _WORKFLOW.fullmatch(path) and path not in project.owned:
            broken.setdefault(path, problem)
    for path, problem in broken.items():
        yield RULE.gap(
            resource=path,
            subject="syntax",
            message="GitHub cannot read the workflow, so nothing of it runs, and no run says so.",
            expected="YAML with the keys on and jobs",
            actual=problem.message,
            locations=(problem.location,),
            severity=_severity(project, path),
        )
    for workflow in foreign_workflows(project):
        yield from _unknown_jobs(project, workflow)
        yield from _repeated_keys(project, workflow)


def _severity(project: Project, path: str) -> Severity:
    """High where the workflow builds, releases or deploys what runs: without it nothing gets out; else checks are missing."""
    return Severity.HIGH if _RELEASES.search(project.source(path) or "") else Severity.MEDIUM


def _unknown_jobs(project: Project, workflow: Workflow) -> Iterator[Gap]:
    """Yield each job that waits for one which the file does not have: other workflows have no jobs to wait for."""
    for job, name in unknown_needs(workflow):
        node = find(job.node, "needs")
        yield RULE.gap(
            resource=workflow.path,
            subject=f"needs/{job.id}/{name}",
            message=f"The job {job.id} needs {name}, which is no job of this file: GitHub rejects it, and nothing of it runs.",
            expected="the name of a job in the same file, or workflow_run for one of another",
            actual=f"jobs: {listed((item.id for item in workflow.jobs), 6)}",
            locations=(node.location if node else job.location,),
            severity=_severity(project, workflow.path),
            closers=(Closer(None, "advice", _NEEDS),),
        )


def _repeated_keys(project: Project, workflow: Workflow) -> Iterator[Gap]:
    """Yield each job in which a key of the job or of a step stands twice; those under `on:` are another gap."""
    for job in workflow.jobs:
        steps = find(job.node, "steps")
        nodes = (job.node, *(steps.items if isinstance(steps, Sequence) else ()))
        repeated = [entry.key for node in nodes if isinstance(node, Mapping) for entry in node.duplicates()]
        if repeated:
            names = listed(key.value for key in repeated)
            yield RULE.gap(
                resource=workflow.path,
                subject=f"duplicate/{job.id}",
                message=f"The job {job.id} has {names} twice: GitHub rejects the file, so nothing of it ever runs.",
                expected="each key once",
                actual=f"{names} twice",
                locations=tuple(key.location for key in repeated),
                related=(job.location,),
                severity=_severity(project, workflow.path),
                closers=(Closer(None, "advice", "Keep one of the two, or give the second the head of a job of its own."),),
            )


RULE = Rule(
    code="CIQ013",
    name="workflow-cannot-be-parsed",
    layer=Layer.CI,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Mend the line; `actionlint` shows what GitHub would say of the whole file."),),
    maps_to=("actionlint:syntax-check",),
)
