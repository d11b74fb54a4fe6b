"""SUP024: pull requests run their code on a machine of the team's own, which is still there for the next job."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.deployments import is_deployment, is_own_machine, renews_a_host
from scaffold.gaps.facts import listed
from scaffold.model.document import Location, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_OF_REQUESTS = ("pull_request", "pull_request_target")
_GUARD = regex(
    r"head\.repo|\.fork\b|author_association|github\.actor|labels|github\.event_name|github\.ref\b|github\.event\.action"
    r"|github\.repository\b|inputs\.|needs\.|vars\.|merged"
)
"""Conditions that may keep the requests of strangers out."""


def _detect(project: Project) -> Iterator[Gap]:
    deploying = next(iter(_deploying(project)), None)
    for workflow in foreign_workflows(project):
        events = [event for event in _OF_REQUESTS if event in workflow.events]
        jobs = [job for job in workflow.jobs if events and is_own_machine(job) and _runs_code(job) and not _is_kept(job)]
        if jobs:
            yield _gap(workflow, jobs, events[0], deploying)


def _runs_code(job: Job) -> bool:
    """Whether a job runs what the request brings: a command, or an action of the checkout, after the checkout."""
    steps = job.all_steps
    has_checkout = any(step.action == "actions/checkout" for step in steps)
    return has_checkout and any(step.run or step.uses.startswith("./") for step in steps)


def _is_kept(job: Job) -> bool:
    return bool(_GUARD.search(job.condition))


def _deploying(project: Project) -> Iterator[tuple[Workflow, Job]]:
    """Yield the jobs that bring a release to production from a machine of the team's own."""
    for workflow in foreign_workflows(project):
        for job in workflow.jobs:
            if is_own_machine(job) and (is_deployment(workflow, job) or renews_a_host(workflow, job)):
                yield workflow, job


def _gap(workflow: Workflow, jobs: list[Job], event: str, deploying: tuple[Workflow, Job] | None) -> Gap:
    more = f", and such a machine deploys ({deploying[1].id} in {deploying[0].path})" if deploying else ""
    places = tuple(_place(job) for job in jobs)
    return RULE.gap(
        resource=workflow.path,
        subject="self-hosted",
        message=f"A pull request runs its own code on a machine of the team ({listed(job.id for job in jobs)}): what it leaves"
        f" there, or reads of other jobs, outlives the run{more}.",
        expected="runners of GitHub, or ones that live for one job, or a condition that keeps forks out",
        actual=f"{event} and runs-on: self-hosted",
        locations=places,
        related=(deploying[1].location,) if deploying else (),
    )


def _place(job: Job) -> Location:
    node = find(job.node, "runs-on")
    return node.location if node is not None else job.location


RULE = Rule(
    code="SUP024",
    name="pull-requests-on-own-machines",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Run pull requests on GitHub's runners; keep own machines for jobs of protected branches, or let each live for one"
            " job (--ephemeral, Actions Runner Controller).",
        ),
    ),
)
