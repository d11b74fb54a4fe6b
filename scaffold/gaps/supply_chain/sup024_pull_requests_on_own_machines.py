"""SUP024: pull requests run their code on a machine of the team's own, which is still there for the next job."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.model.deployments import is_deployment, is_own_machine, renews_a_host
from scaffold.model.document import Location, find, scalars_of
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
_FOR_ONE_JOB = regex(r"(?i)ephemeral|(?<![a-z])arc(?![a-z])|autoscal|scale-?set")
"""Labels of machines that are made for one job."""
_OPERATES = regex(r"(?i)(?<![a-z])(?:back-?ups?|restore|restart|health-?(?:check|monitoring)|monitoring)(?![a-z])")
"""Words of jobs that keep the running system up."""


def _detect(project: Project) -> Iterator[Gap]:
    operating = tuple(_operating(project))
    for workflow in foreign_workflows(project):
        events = [event for event in _OF_REQUESTS if event in workflow.events]
        jobs = [job for job in workflow.jobs if events and _stays(job) and _runs_code(job) and not _is_kept(job)]
        if jobs:
            yield _gap(workflow, jobs, events[0], operating)


def _runs_code(job: Job) -> bool:
    """Whether a job runs what the request brings: a command, or an action of the checkout, after the checkout."""
    steps = job.all_steps
    has_checkout = any(step.action == "actions/checkout" for step in steps)
    return has_checkout and any(step.run or step.uses.startswith("./") for step in steps)


def _is_kept(job: Job) -> bool:
    # An environment may ask people before each run.
    return bool(_GUARD.search(job.condition)) or bool(job.environment)


def _labels(job: Job) -> frozenset[str]:
    node = find(job.node, "runs-on")
    return frozenset(item.value for item in scalars_of(node)) if node else frozenset()


def _stays(job: Job) -> bool:
    """Whether a job's machine is the team's own and still there after it."""
    return is_own_machine(job) and not any(_FOR_ONE_JOB.search(label) for label in _labels(job))


def _operating(project: Project) -> Iterator[tuple[Workflow, Job]]:
    """Yield the jobs of no pull request that release, save or watch the running system from a machine of the team's own."""
    for workflow in foreign_workflows(project):
        for job in workflow.jobs if not set(_OF_REQUESTS) & set(workflow.events) else ():
            names = f"{workflow.path.rpartition('/')[2]} {workflow.name} {job.id} {job.name}"
            works = is_deployment(workflow, job) or renews_a_host(workflow, job) or _OPERATES.search(names)
            if works and _stays(job):
                yield workflow, job


def _gap(workflow: Workflow, jobs: list[Job], event: str, operating: tuple[tuple[Workflow, Job], ...]) -> Gap:
    alike = (item for item in operating for job in jobs if _labels(job) <= _labels(item[1]) or _labels(item[1]) <= _labels(job))
    other = next(alike, None)
    more = f", and {other[1].id} in {other[0].path} works for the running system on one with such labels" if other else ""
    places = tuple(_place(job) for job in jobs)
    return RULE.gap(
        resource=workflow.path,
        subject="self-hosted",
        message=f"A pull request runs its own code on a machine of the team ({listed(job.id for job in jobs)}): what it leaves"
        f" there, or reads of other jobs, outlives the run{more}.",
        expected="runners of GitHub, or ones that live for one job, or a condition that keeps forks out",
        actual=f"{event} and runs-on: self-hosted",
        locations=places,
        related=(other[1].location,) if other else (),
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
