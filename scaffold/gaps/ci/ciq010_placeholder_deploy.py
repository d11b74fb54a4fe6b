"""CIQ010: a job that is called deployment does nothing but say so."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_NAME = regex(r"deploy|release|rollout|rollback|publish|promote")
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
            if _NAME.search(f"{job.id} {job.name}".lower()) and _does_nothing(job):
                yield _gap(workflow, job)


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


def _gap(workflow: Workflow, job: Job) -> Gap:
    step = next((step for step in job.steps if step.run), None)
    does = "prints that it deploys and does nothing" if step else "gets its tools ready and does nothing with them"
    return RULE.gap(
        resource=f"{workflow.path}/{job.id}",
        subject="placeholder",
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
)
