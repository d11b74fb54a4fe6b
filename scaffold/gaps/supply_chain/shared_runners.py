"""Machines of a team's own on which code of pull requests runs, and which a job of the system's operation uses too."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.document import Location, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_SELF_HOSTED = "self-hosted"
_OF_REQUESTS = frozenset({"pull_request", "pull_request_target", "issue_comment"})
_GUARD = regex(
    r"head\.repo\.|\.fork\b|author_association|github\.repository_owner\b|github\.actor\b|event_name\s*(?:!=\s*'pull_request|==\s*'(?!pull_request))"
    r"|refs/heads/|github\.ref_name"
)
"""Conditions by which a job runs for people of the repository alone, or for no pull request."""
_OPERATES = regex(
    r"(?i)(?<![a-z])(?:deploy\w*|rollout|back-?ups?|restore|restart|health-?(?:check|monitoring)|monitoring|production|prod)(?![a-z])"
)
_PASSING = regex(r"(?i)ephemeral|(?<![a-z])arc(?![a-z])|autoscal|scale-?set")
"""Runners that are made for one job."""


@frozen
class SharedRunner:
    """A job that runs the code of pull requests, where its machine stands, and a job of operation that may use the same one."""

    workflow: Workflow
    job: Job
    location: Location
    other: Workflow
    other_job: Job


def shared_runners(project: Project) -> Iterator[SharedRunner]:
    """Yield each such job with the first job that keeps the system running on a machine with the same labels."""
    own = [
        (workflow, job, labels) for workflow in foreign_workflows(project) for job in workflow.jobs if (labels := _labels(job))
    ]
    operating = [item for item in own if not _OF_REQUESTS & set(item[0].events) and _operates(item[0], item[1])]
    for workflow, job, labels in own if operating else ():
        if not _OF_REQUESTS & set(workflow.events) or _GUARD.search(job.condition) or job.environment or not _runs_code(job):
            continue
        found = next((item for item in operating if labels <= item[2] or item[2] <= labels), None)
        place = find(job.node, "runs-on")
        if found and place:
            yield SharedRunner(workflow, job, place.location, found[0], found[1])


def _labels(job: Job) -> frozenset[str]:
    """Return the labels of a job's machine where it is the team's own and there to stay, else none."""
    node = find(job.node, "runs-on")
    labels = frozenset(item.value for item in scalars_of(node)) if node else frozenset()
    stays = _SELF_HOSTED in labels and not any("$" in label or _PASSING.search(label) for label in labels)
    return labels if stays else frozenset()


def _operates(workflow: Workflow, job: Job) -> bool:
    return bool(_OPERATES.search(f"{workflow.path.rpartition('/')[2]} {workflow.name} {job.id} {job.name} {job.environment}"))


def _runs_code(job: Job) -> bool:
    """Whether a job checks the repository out and runs something afterwards."""
    checked_out = any(step.action == "actions/checkout" for step in job.steps)
    return checked_out and any(step.run or step.uses.startswith("./") for step in job.steps)
