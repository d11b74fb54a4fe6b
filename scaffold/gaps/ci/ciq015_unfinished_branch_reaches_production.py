"""CIQ015: a push to a branch for unfinished work deploys to production, as one to the release branch does."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed, path_environment
from scaffold.model.document import Location, Mapping, Scalar, find, scalars_of, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_UNFINISHED = regex(
    r"(?i)(?:dev|develop|development|staging|stage|test|testing|qa|next|edge|unstable)(?:/.*)?|feat(?:ure)?s?/.*|\*\*?"
)
_RELEASED = regex(r"(?i)main|master|prod|production|release|live|stable|trunk")
_DEPLOYS = regex(r"(?i)deploy|rollout|release")
_ASKS_BRANCH = regex(r"github\.(?:ref|ref_name|head_ref|base_ref)\b|\bgithub\.event\.(?:ref|workflow_run)|\bbranch")


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        branches = [
            item
            for trigger in workflow.triggers
            if trigger.event == "push"
            for item in scalars_of(find(trigger.node, "branches"))
        ]
        unfinished = [item for item in branches if _UNFINISHED.fullmatch(item.value)]
        if not unfinished or not any(_RELEASED.fullmatch(item.value) for item in branches):
            continue
        jobs = [job for job in workflow.jobs if _reaches_production(job) and not _asks_branch(project, workflow, job)]
        if jobs:
            yield _gap(workflow, unfinished, jobs)


def _reaches_production(job: Job) -> bool:
    """Whether a job deploys to an environment that is called production, by itself or by the workflow that it calls."""
    given = find(job.node, "with", "environment")
    name = job.environment or (text_of(given) if isinstance(given, Scalar) else "")
    if "${{" in name or path_environment(name) is not EnvironmentClass.PRODUCTION:
        return False
    texts = (job.id, job.name, job.uses, *(f"{step.name} {step.uses} {step.run}" for step in job.all_steps))
    return any(_DEPLOYS.search(text) for text in texts)


def _asks_branch(project: Project, workflow: Workflow, job: Job) -> bool:
    """Whether the job, one that it needs, a step of it, or a job of the workflow that it calls looks at the branch."""
    called = (item for item in project.workflows if job.uses.removeprefix("./") == item.path)
    conditions = [step.condition for step in job.all_steps] + [inner.condition for item in called for inner in item.jobs]
    by_id = {item.id: item for item in workflow.jobs}
    pending, seen = [job], {job.id}
    while pending:
        item = pending.pop()
        conditions.append(item.condition)
        pending += [by_id[name] for name in item.needs if name in by_id and name not in seen]
        seen |= set(item.needs)
    return any(_ASKS_BRANCH.search(condition) for condition in conditions)


def _gap(workflow: Workflow, unfinished: list[Scalar], jobs: list[Job]) -> Gap:
    names = listed(item.value for item in unfinished)
    return RULE.gap(
        resource=workflow.path,
        subject="branches",
        message=f"A push to {names} deploys to production ({listed(job.id for job in jobs)}), as one to the release branch"
        " does: work that is not released is live.",
        expected="a trigger on the release branch alone, and an environment of its own for the other one",
        actual=f"branches: {names}",
        locations=tuple(item.location for item in unfinished),
        related=tuple(_environment_place(job) for job in jobs),
    )


def _environment_place(job: Job) -> Location:
    given = find(job.node, "with")
    entry = given.entry("environment") if isinstance(given, Mapping) else None
    return entry.key.location if entry else job.location


RULE = Rule(
    code="CIQ015",
    name="unfinished-branch-reaches-production",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Take the branch out of the trigger, or let a condition on github.ref choose the environment."),
    ),
)
