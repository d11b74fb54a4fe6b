"""CIQ016: a deployment ends when the command has been sent, and nothing looks whether the new release runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.deployments import STARTS, deploy_scripts, is_deployment, place_of, run_text
from scaffold.gaps.facts import listed, path_environment
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_LOOKS = regex(
    r"(?i)--wait\b|--atomic\b|rollout\s+status|kubectl\s+wait|wait\s+services-stable|health|smoke|\bcurl\b|\bwget\b|\bnc\s+-|ready|rollback"
    r"|rollout\s+undo|helm\s+test|playwright|cypress|newman|\bk6\b|verif|probe|\bwait[-_]for|until\s|--detach=false|\bps\b|\be2e\b"
)
_WAITS_ITSELF = "wait-for-service-stability"


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        jobs = [job for job in workflow.jobs if is_deployment(workflow, job) and not _is_looked_at(workflow, job)]
        if jobs:
            yield _gap(workflow, jobs)
    for path, commands in deploy_scripts(project).items():
        starts = [item for item in commands if STARTS.search(item.text)]
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


def _is_looked_at(workflow: Workflow, job: Job) -> bool:
    """Whether the job looks at what it started, in that step or after it, or one that needs it does."""
    first = next((number for number, step in enumerate(job.steps) if STARTS.search(run_text(step))), 0)
    after = [item for item in workflow.jobs if item is not job and job.id in item.needs]
    steps = [*job.steps[first + 1 :], *job.followed_steps, *(step for item in after for step in item.all_steps)]
    starting = job.steps[first] if job.steps else None
    if starting and (_looks_by_input(starting) or _LOOKS.search(_from_the_start(run_text(starting)))):
        return True
    return any(map(_looks, steps)) or any(item.uses for item in after)


def _from_the_start(text: str) -> str:
    """Return a text from the line on that starts the release: what stands before looks at the old one, but for traps."""
    match = STARTS.search(text)
    cut = text.rfind("\n", 0, match.start()) + 1 if match else 0
    return "\n".join((*(line for line in text[:cut].split("\n") if line.lstrip().startswith("trap ")), text[cut:]))


def _looks_by_input(step: Step) -> bool:
    return step.input(_WAITS_ITSELF) == "true" or step.input("wait") == "true"


def _looks(step: Step) -> bool:
    return _looks_by_input(step) or bool(_LOOKS.search(f"{step.name}\n{run_text(step)}"))


def _started_by(text: str) -> str:
    """Return the line of a text in which the start begins."""
    match = STARTS.search(text)
    return text[: match.end()][text.rfind("\n", 0, match.start()) + 1 :].split("\n", maxsplit=1)[0] if match else ""


def _gap(workflow: Workflow, jobs: list[Job]) -> Gap:
    starts = [step for job in jobs for step in job.steps if STARTS.search(run_text(step))]
    named = (f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}" for job in jobs)
    staging = {path_environment(text) for text in named} == {EnvironmentClass.STAGING}
    return RULE.gap(
        resource=workflow.path,
        subject="verification",
        message=_MESSAGE.format(f"The job {listed(job.id for job in jobs)}"),
        expected=_EXPECTED,
        actual="nothing after the start",
        locations=tuple(dict.fromkeys(place_of(workflow, step, _started_by(run_text(step))) for step in starts)),
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
