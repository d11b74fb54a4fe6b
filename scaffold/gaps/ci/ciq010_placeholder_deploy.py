"""CIQ010: a job or a step that is called deployment, or the check after one, does nothing but say so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.looks import is_look
from scaffold.gaps.ci.outgoing import going_out
from scaffold.gaps.ci_signals import ci_steps, foreign_workflows, step_key
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_NAME = regex(r"deploy|release|rollout|rollback|publish|promote")
_TELLS = regex(r"notif|announce|summar|report|message|status")
"""Names of jobs and steps that are there to say something."""
_BRINGS_OUT = regex(r"\W*(?:(?:trigger|run|start|perform)\s+)?(?:(?:\w+\s+)?deploy(?:ment|ing)?|roll\s?(?:out|back)|promote)\b")
_CHECKS = regex(r"\b(?:health|smoke|verif(?:y|ication|ies)|readiness)")
_CASES = ("steps.", "needs.", "failure()", "cancelled()", "inputs.", "== ''", "== 'true'")
_PREPARES = regex(
    r"(?:actions/(?:checkout|setup-[\w-]+|cache|download-artifact)|azure/(?:setup-\w+|login|aks-set-context)|hashicorp/setup-terraform"
    r"|docker/(?:setup-\w+|login)-action|aws-actions/(?:configure-aws-credentials|amazon-ecr-login)"
    r"|google-github-actions/(?:auth|setup-gcloud|get-gke-credentials))(?:@.*)?",
    re.IGNORECASE,
)
_QUOTED = regex(r"\"[^\"`]*\"|'[^']*'")
_SAYS = regex(r"(?:echo|printf|sleep|true|:|exit 0|set -\w+)(?:\s(?![^\n]*(?:[|>&;`]|\$\()).*|$)")


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            names = f"{job.id} {job.name}".lower()
            if not _NAME.search(names):
                continue
            if _does_nothing(job) and not _TELLS.search(names):
                yield _gap(workflow, job)
            elif not _does_nothing(job):
                yield from _in_its_place(project, workflow, job)


def _in_its_place(project: Project, workflow: Workflow, job: Job) -> Iterator[Gap]:
    """Yield the steps of a job that stand for its deployment or for the check after it, and only print."""
    items = [item for item in ci_steps(project) if item.workflow is workflow and item.job is job]
    going = going_out(items) if items else None
    deploys = going is not None and going.deploys
    for step in job.steps:
        name = step.name.lower()
        if not step.run or not _only_says(step.run) or _TELLS.search(name) or _chooses(step):
            continue
        if _BRINGS_OUT.match(name) and not deploys and not _others(job, step, "deploy"):
            yield _step_gap(workflow, job, step, "the deployment")
        elif _CHECKS.search(name) and deploys and not any(map(is_look, job.steps)):
            yield _step_gap(workflow, job, step, "the check of the release")


def _chooses(step: Step) -> bool:
    """Whether a step runs in one case of several: what it says is then true of that case."""
    return any(
        word in step.condition for word in ("steps.", "needs.", "failure()", "cancelled()", "inputs.", "== ''", "== 'true'")
    )


def _others(job: Job, but: Step, word: str) -> bool:
    """Whether another step of the job has the word in what it is called, uses or runs."""
    return any(word in f"{step.name} {step.uses} {step.run}".lower() for step in job.all_steps if step is not but)


def _does_nothing(job: Job) -> bool:
    others = [step.uses for step in job.all_steps if step.uses and not _PREPARES.fullmatch(step.uses)]
    return bool(job.steps) and not others and not job.uses and all(_only_says(step.run) for step in job.all_steps)


def _only_says(script: str) -> bool:
    lines = [_without_quotes(line.strip()) for line in script.splitlines()]
    return all(not line or line.startswith("#") or _SAYS.fullmatch(line) for line in lines)


def _without_quotes(line: str) -> str:
    """Return a line with its texts and GitHub's expressions emptied: a bar in them is no pipe."""
    bare = re.sub(r"\$\{\{.*?\}\}", "", line)
    return _QUOTED.sub(lambda match: match[0] if "$(" in match[0] and match[0][0] == '"' else "''", bare)


def _step_gap(workflow: Workflow, job: Job, step: Step, what: str) -> Gap:
    return RULE.gap(
        resource=f"{workflow.path}/{job.id}/{step_key(job, step)}",
        subject="placeholder",
        kind="step",
        called=step.name,
        message=f"The step {step.name} of the job {job.id} stands for {what} and only prints: a green run says"
        " that it was done.",
        expected="the commands that do it, or no such step",
        actual="echo and comments",
        locations=(step.run_location or step.location,),
        related=(job.location,),
    )


def _gap(workflow: Workflow, job: Job) -> Gap:
    step = next((step for step in job.steps if step.run), None)
    does = "prints that it deploys and does nothing" if step else "gets its tools ready and does nothing with them"
    return RULE.gap(
        resource=f"{workflow.path}/{job.id}",
        subject="placeholder",
        called=job.id,
        message=f"The job {job.id} {does}: a green run says that a release went out.",
        expected="the commands that deploy, or no such job",
        actual="echo and comments" if step else "steps that only prepare",
        locations=((step.run_location or step.location) if step else job.steps[-1].location,),
        related=(job.location,),
    )


RULE = Rule(
    code="CIQ010",
    name="placeholder-deploy",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the deployment (the guide docs/operations/deployment.md has the commands), or remove the job.",
        ),
    ),
    cause=Cause.PROJECT,
)
