"""CIQ015: a push to a branch for unfinished work deploys to production as one to the release branch does, a pull request that
nobody has merged deploys, or what nobody has released overwrites the tag that people pull.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.moved_tags import RELEASED, UNFINISHED, Moved, moved_tags
from scaffold.gaps.ci.outgoing import jobs_before
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed, path_environment
from scaffold.gaps.signals import main_services
from scaffold.gaps.supply_chain.pushed_names import EXPRESSION
from scaffold.model.deployments import STARTS, is_elsewhere, run_text
from scaffold.model.document import Location, Mapping, Scalar, find, scalars_of, text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Job, Project, Step, Trigger, Workflow
from scaffold.model.regex import regex

_DEPLOYS = regex(r"(?i)deploy|rollout|release")
_ASKS_BRANCH = regex(r"github\.(?:ref|ref_name|head_ref|base_ref)\b|\bgithub\.event\.(?:ref|workflow_run)|\bbranch")
_HOOK = regex(
    r"\bcurl\b[^\n]*(?:api\.render\.com/deploy|(?i:/api/(?:stacks/)?webhooks/[0-9a-f$]|deploy_?hook"
    r"|(?:coolify|portainer|dokploy|deploy\w*)_?(?:url|webhook)))"
)
_HOOK_ACTIONS = regex(r"newarifrh/portainer-service-webhook@|wirgho/portainer-stack-webhook@|johnbeynon/render-deploy-action@")
_RENEWS = regex(r"\bgit\s+(?:-C\s+\S+\s+)?(?:pull|reset\s+--hard)\b|\bdocker\s+pull\b")
_TRIES = regex(r"\b(?:pytest|tox|ctest|nox|(?:go|cargo|make|npm|pnpm|yarn)\s+(?:run\s+)?test)\b")
"""What a machine that only tries new sources runs on them."""
_OF_THE_PULL_REQUEST = regex(
    r"(?i)pull_request\.(?:number|head)|event\.(?:number|action|label)|head_ref|\bpr[-_]|preview|ephemeral|review[-_]?app"
)
"""What a deployment has that is made for one pull request alone, or by a condition on it."""
_ASKS_EVENT = regex(
    r"event_name|\bmerged\b|github\.(?:ref|event|actor|base_ref|head_ref)|\bneeds\.|\bsteps\.|\bfalse\b|inputs\."
)


def _detect(project: Project) -> Iterator[Gap]:
    yield from _on_branches(project)
    for workflow in foreign_workflows(project):
        trigger = next((item for item in workflow.triggers if _is_before_merge(item)), None)
        steps = _unmerged(workflow) if trigger else []
        if trigger and steps:
            yield _unmerged_gap(workflow, trigger, steps)
        moved = list(moved_tags(workflow))
        if moved:
            yield _moved_gap(project, moved)


def _moved_gap(project: Project, moved: list[Moved]) -> Gap:
    first = moved[0]
    release = (
        "a pre-release of GitHub" if first.before_release == "release" else f"a tag of a pre-release ({first.before_release})"
    )
    ways = [
        *([f"a push to {listed(first.branches)}"] if first.branches else []),
        *(["a run by hand from any branch"] if first.by_hand else []),
        *([release] if first.before_release else []),
    ]
    names = list(dict.fromkeys(_short(item) for item in moved))
    tags = {(item.repository.rpartition("/")[2], item.tag) for item in moved}
    users = [
        service.image_location or service.location
        for _, service in main_services(project)
        if service.image and (service.image.repository.rpartition("/")[2], service.image.tag or "latest") in tags
    ]
    return RULE.gap(
        resource=first.workflow.path,
        subject="tag",
        message=f"{_capital(ways)} overwrites {listed(names)}, as a release does: who pulls that name gets what"
        " nobody has released.",
        expected="the tag for the release branch or a finished version alone: enable={{is_default_branch}}, or a condition",
        actual="overwritten whatever the ref",
        locations=tuple(dict.fromkeys(item.place for item in moved)),
        related=tuple(users),
        severity=Severity.MEDIUM if first.branches or users else Severity.LOW,
        closers=(
            Closer(
                None, "advice", "Give the moving tag by a condition on the ref, and others a name by commit or version alone."
            ),
        ),
    )


def _short(item: Moved) -> str:
    """Return the last word of an image with its tag, the tag alone where an expression gives that word."""
    name = EXPRESSION.sub("*", item.repository).rpartition("/")[2]
    return f"{name}:{item.tag}" if re.search(r"[a-z]", name) else f"the tag {item.tag}"


def _capital(ways: list[str]) -> str:
    text = " or ".join(ways)
    return text[:1].upper() + text[1:]


def _is_before_merge(trigger: Trigger) -> bool:
    """Whether pull requests start a workflow before they are merged."""
    types = {item.value for item in scalars_of(find(trigger.node, "types"))}
    return trigger.event in {"pull_request", "pull_request_target"} and (
        not types or not types.isdisjoint({"opened", "synchronize", "reopened"})
    )


def _unmerged(workflow: Workflow) -> list[tuple[Job, Step]]:
    """Return the steps that call a deploy hook or renew a host, by jobs that ask neither for the event nor for an approval."""
    found = []
    for job in workflow.jobs:
        chain = (job, *jobs_before(job, workflow))
        words = re.sub(r"[_.]", "-", f"{job.id} {job.name} {workflow.name}")
        if any(item.environment or _ASKS_EVENT.search(item.condition) for item in chain) or _OF_THE_PULL_REQUEST.search(words):
            continue
        texts = "\n".join(f"{run_text(step)}\n{step.inputs}\n{step.env}" for step in job.steps)
        if not _OF_THE_PULL_REQUEST.search(f"{texts}\n{job.env}"):
            found += [(job, step) for step in job.steps if _deploys(step) and not _ASKS_EVENT.search(step.condition)][:1]
    return found


def _deploys(step: Step) -> bool:
    text = run_text(step)
    renews = is_elsewhere(step) and (STARTS.search(text) or (_RENEWS.search(text) and not _TRIES.search(text)))
    return bool(_HOOK_ACTIONS.match(step.uses.lower()) or _HOOK.search(step.run) or renews)


def _unmerged_gap(workflow: Workflow, trigger: Trigger, steps: list[tuple[Job, Step]]) -> Gap:
    file = workflow.path.rpartition("/")[2]
    targets = " ".join(item.value for item in scalars_of(find(trigger.node, "branches")))
    staging = path_environment(f"{file} {workflow.name} {targets}") is EnvironmentClass.STAGING
    return RULE.gap(
        resource=workflow.path,
        subject="pull-request",
        message=f"A pull request deploys ({listed(job.id for job, _ in steps)}) as soon as somebody opens or updates it, before"
        " anybody has reviewed or merged it.",
        expected="a push to the branch, or `types: [closed]` with a condition on `merged`",
        actual=f"on: {trigger.event}",
        locations=(trigger.location,),
        related=tuple(step.uses_location or step.run_location or step.location for _, step in steps),
        severity=Severity.LOW if staging else Severity.MEDIUM,
    )


def _on_branches(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        branches = [
            item
            for trigger in workflow.triggers
            if trigger.event == "push"
            for item in scalars_of(find(trigger.node, "branches"))
        ]
        unfinished = [item for item in branches if UNFINISHED.fullmatch(item.value)]
        if not unfinished or not any(RELEASED.fullmatch(item.value) for item in branches):
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
