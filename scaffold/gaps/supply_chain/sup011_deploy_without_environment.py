"""SUP011: a job deploys to production, and nothing on GitHub's side can stop it or limit from where."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import DEPLOY_ACTIONS, DEPLOYS
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_APPLIES = regex(r"\bterraform\b[^\n]*\bapply\b|\bpulumi\s+up\b")
_PRODUCTION = regex(r"(?<!pre[- ])(?<!non[- ])\bprod(?:uction)?\b|deploy-?prod|\blive\b")


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if not _has_environment(project, job) and _deploys_to_production(workflow, job):
                yield _gap(workflow, job)


def _has_environment(project: Project, job: Job) -> bool:
    """Whether the job, or one of the workflow that it calls, names an environment."""
    called = [workflow for workflow in project.workflows if job.uses.removeprefix("./") == workflow.path]
    jobs = (job, *(inner for workflow in called for inner in workflow.jobs))
    return any(item.environment or (item.node and item.node.get("environment")) for item in jobs)


def _deploys_to_production(workflow: Workflow, job: Job) -> bool:
    named = f"{workflow.path} {workflow.name} {job.id} {job.name}".lower()
    does = any(
        DEPLOYS.search(step.run) or _APPLIES.search(step.run) or DEPLOY_ACTIONS.search(step.uses.lower())
        for step in job.all_steps
    )
    return does and bool(_PRODUCTION.search(named.replace("_", "-")))


def _gap(workflow: Workflow, job: Job) -> Gap:
    return RULE.gap(
        resource=f"{workflow.path}/{job.id}",
        subject="environment",
        message=f"The job {job.id} deploys to production without an environment: no branch rule and no approval holds for it.",
        expected="environment: production",
        actual="no environment",
        locations=(job.location,),
    )


RULE = Rule(
    code="SUP011",
    name="deploy-without-environment",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the job `environment: production`, keep its secrets there, and limit the environment to the released branch.",
        ),
    ),
    maps_to=("zizmor:secrets-outside-env",),
)
