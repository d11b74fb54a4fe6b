"""CIQ016: a deployment ends when the command has been sent, and nothing looks whether the new release runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.looks import ONLY_SHOWS, from_the_start, is_looked_at, looks_at_it, shows_it
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed, path_environment
from scaffold.model.deployments import STARTS, deploy_scripts, is_deployment, place_of, run_text
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, EnvironmentClass, Layer, Severity
from scaffold.model.project import Job, Project, Workflow


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        jobs = [job for job in workflow.jobs if is_deployment(workflow, job) and not is_looked_at(workflow, job)]
        if jobs:
            yield _gap(workflow, jobs)
    for path, commands in deploy_scripts(project).items():
        starts = [item for item in commands if STARTS.search(item.text) and not ONLY_SHOWS.fullmatch(item.text)]
        text = "\n".join(item.text for item in commands)
        if starts and not looks_at_it(text):
            yield RULE.gap(
                resource=path,
                subject="verification",
                message=_message(path, text),
                expected=_EXPECTED,
                actual=_actual(text),
                locations=tuple(item.location for item in starts),
                severity=Severity.LOW,
            )


def _message(name: str, text: str) -> str:
    does = "only shows how it is" if shows_it(text) else "ends"
    return (
        f"{name} starts the new release and {does}: a container that crashes or never becomes healthy counts as a success, and"
        " nothing goes back to the release before."
    )


def _actual(text: str) -> str:
    return "a look whose result is thrown away" if shows_it(text) else "nothing after the start"


_EXPECTED = "up -d --wait, a request to the app behind it, and a way back when one of them fails"


def _started_by(text: str) -> str:
    """Return the line of a text in which the start begins."""
    match = STARTS.search(text)
    return text[: match.end()][text.rfind("\n", 0, match.start()) + 1 :].split("\n", maxsplit=1)[0] if match else ""


def _gap(workflow: Workflow, jobs: list[Job]) -> Gap:
    starts = [step for job in jobs for step in job.steps if STARTS.search(run_text(step))]
    named = (f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}" for job in jobs)
    staging = {path_environment(text) for text in named} == {EnvironmentClass.STAGING}
    text = "\n".join(from_the_start(run_text(step)) for job in jobs for step in job.steps)
    return RULE.gap(
        resource=workflow.path,
        subject="verification",
        message=_message(f"The job {listed(job.id for job in jobs)}", text),
        expected=_EXPECTED,
        actual=_actual(text),
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
    cause=Cause.PROJECT,
)
