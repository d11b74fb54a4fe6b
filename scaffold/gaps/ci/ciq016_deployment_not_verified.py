"""CIQ016: a deployment ends when the command has been sent, and nothing looks whether the new release runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed, path_environment
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Command, Job, Project, Step, Workflow
from scaffold.model.regex import regex

_STARTS = regex(
    r"(?:\bdocker[ -]compose\b|\$\{?\w*COMPOSE\w*\}?)[^\n&|;]*\sup\b[^\n&|;]*\s(?:-d|--detach)\b|\bdocker\s+stack\s+deploy\b"
    r"|\bkubectl\s+(?:apply|set\s+image|rollout\s+restart)\b|\bhelm\s+(?:upgrade|install)\b|\baws\s+ecs\s+update-service\b"
)
_LOOKS = regex(
    r"(?i)--wait\b|--atomic\b|rollout\s+status|kubectl\s+wait|wait\s+services-stable|health|smoke|\bcurl\b|\bwget\b|\bnc\s+-|ready|rollback"
    r"|rollout\s+undo|helm\s+test|playwright|cypress|newman|\bk6\b|verif|probe|\bwait[-_]for|until\s|--detach=false|\bps\b|\be2e\b"
)
_WAITS_ITSELF = "wait-for-service-stability"
_REMOTE = regex(r"\bssh\s|\bDOCKER_HOST=|--context\s|\bdocker\s+context\s+use\b")
_SSH_ACTIONS = regex(r"appleboy/ssh-action|fifsky/ssh-action|garygrossgarten/github-action-ssh|cross-the-world/ssh")
_DEPLOYS = regex(r"(?i)deploy|release|rollout|publish|(?<![a-z])cd(?![a-z])|prod")
_UPDATES = regex(r"(?i)deploy|rollout|release|update|upgrade")
_TRIAL = regex(
    r"(?i)(?<![a-z])(?:preview|review|ephemeral|pr|e2e|tests?|testing|ci|dev|develop|development|local|demo|build|lint|bench\w*|perf\w*)(?![a-z])"
)


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        jobs = [job for job in workflow.jobs if _is_deployment(workflow, job) and not _is_looked_at(workflow, job)]
        if jobs:
            yield _gap(workflow, jobs)
    for path, commands in _deploy_scripts(project).items():
        starts = [item for item in commands if _STARTS.search(item.text)]
        if starts and not any(_LOOKS.search(item.text) for item in commands):
            yield RULE.gap(
                resource=path,
                subject="verification",
                message=_MESSAGE.format(path),
                expected=_EXPECTED,
                actual="nothing after the start",
                locations=tuple(item.location for item in starts),
                severity=Severity.LOW,
            )


_MESSAGE = (
    "{} starts the new release and ends: a container that crashes or never becomes healthy counts as a success, and nothing"
    " goes back to the release before."
)
_EXPECTED = "up -d --wait, a request to the app behind it, and a way back when one of them fails"


def _text(step: Step) -> str:
    """Return what a step runs here or over there."""
    return f"{step.run}\n{step.input('script')}\n{step.input('command')}"


def _is_deployment(workflow: Workflow, job: Job) -> bool:
    """Whether a job starts a release on a host or a cluster that lasts."""
    file = workflow.path.rpartition("/")[2]
    names = re.sub(r"[_.-]", " ", f"{job.id} {job.name} {file}")
    if not _DEPLOYS.search(f"{names} {job.environment}") or _TRIAL.search(names):
        return False
    for step in job.steps:
        text = _text(step)
        there = bool(
            _SSH_ACTIONS.match(step.uses.lower()) or _REMOTE.search(text) or not re.search(r"compose", text, re.IGNORECASE)
        )
        if _STARTS.search(text) and there:
            return True
    return False


def _is_looked_at(workflow: Workflow, job: Job) -> bool:
    """Whether the job, or one that needs it, looks at what was started."""
    after = [item for item in workflow.jobs if item is job or job.id in item.needs]
    return any(
        _LOOKS.search(f"{step.name}\n{_text(step)}") or step.input(_WAITS_ITSELF) == "true" or step.input("wait") == "true"
        for item in after
        for step in item.all_steps
    ) or any(item.uses for item in after if item is not job)


def _deploy_scripts(project: Project) -> dict[str, list[Command]]:
    """Return the lines of the shell scripts that are called after a deployment."""
    found: dict[str, list[Command]] = {}
    for command in project.commands:
        if command.context != "script":
            continue
        path = command.location.path
        name = path.rpartition("/")[2]
        is_theirs = path not in project.owned and name.endswith((".sh", ".bash"))
        if is_theirs and _UPDATES.search(name) and not _TRIAL.search(re.sub(r"[_.-]", " ", path)):
            found.setdefault(path, []).append(command)
    return found


def _gap(workflow: Workflow, jobs: list[Job]) -> Gap:
    starts = [step for job in jobs for step in job.steps if _STARTS.search(_text(step))]
    named = (f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}" for job in jobs)
    staging = {path_environment(text) for text in named} == {EnvironmentClass.STAGING}
    return RULE.gap(
        resource=workflow.path,
        subject="verification",
        message=_MESSAGE.format(f"The job {listed(job.id for job in jobs)}"),
        expected=_EXPECTED,
        actual="nothing after the start",
        locations=tuple(dict.fromkeys(step.run_location or step.uses_location or step.location for step in starts)),
        related=tuple(job.location for job in jobs),
        severity=Severity.LOW if staging else Severity.MEDIUM,
    )


RULE = Rule(
    code="CIQ016",
    name="deployment-not-verified",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Start with `--wait` or wait for the rollout, request the app once, and go back to the last release if that fails.",
        ),
    ),
)
