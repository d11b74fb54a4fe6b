"""CIQ016: a deployment ends when the command has been sent, and nothing looks whether the new release runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.ci.looks import ONLY_SHOWS, blind_look, from_the_start, is_look, is_looked_at, looks_at_it, shows_it
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed, path_environment
from scaffold.model.compose import Stack
from scaffold.model.deployments import STARTS, compose_call, deploy_scripts, is_deployment, named_files, place_of, run_text
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import awaited_jobs
from scaffold.model.names import Cause, EnvironmentClass, Layer, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex

_UP = regex(compose_call("up"))
_WAITS_FOR_NOBODY = regex(r"--no-(?:deps|start)\b", words=("--no-",))


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        jobs = [job for job in workflow.jobs if is_deployment(workflow, job) and not is_looked_at(workflow, job)]
        if jobs:
            yield _gap(project, workflow, jobs)
        yield from _blind_gaps(workflow)
    for path, commands in deploy_scripts(project).items():
        starts = [item for item in commands if STARTS.search(item.text) and not ONLY_SHOWS.fullmatch(item.text)]
        text = "\n".join(item.text for item in commands)
        blind = blind_look(from_the_start(text)) if starts and looks_at_it(text) else ""
        if blind:
            told = (item.location for item in commands if blind.startswith(item.text) or item.text in blind)
            yield _blind_gap(path, path, next(told, starts[0].location), Severity.LOW)
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


def _blind_gaps(workflow: Workflow) -> Iterator[Gap]:
    """Yield a gap for each job whose only look at what it started finds `unhealthy` as well as `healthy`."""
    for job in workflow.jobs:
        if not is_deployment(workflow, job) or not is_looked_at(workflow, job):
            continue
        blind = {id(step): line for step in job.all_steps if (line := blind_look(from_the_start(run_text(step))))}
        rest = [step for step in job.all_steps if id(step) not in blind and not STARTS.search(run_text(step))]
        later = (step for other in workflow.jobs if job.id in other.needs for step in other.all_steps)
        if blind and not any(map(is_look, (*rest, *later))):
            step = next(step for step in job.all_steps if id(step) in blind)
            word = blind[id(step)].split("|")[0]
            yield _blind_gap(f"{workflow.path}/{job.id}", f"The job {job.id}", place_of(workflow, step, word), Severity.MEDIUM)


def _blind_gap(resource: str, name: str, place: Location, severity: Severity) -> Gap:
    return RULE.gap(
        resource=resource,
        subject="verification/unhealthy",
        message=f"{name} looks for `healthy` in what Docker says of the containers, and grep finds it in `unhealthy` as well:"
        " a release that never gets well counts as a success.",
        expected="grep -F '(healthy)', or up -d --wait",
        actual="a pattern that both words match",
        locations=(place,),
        severity=severity,
    )


def _message(name: str, text: str, left: tuple[str, ...] = ()) -> str:
    if left:
        return (
            f"{name} starts the new release, which waits until the services that others depend on are healthy, and ends:"
            f" {listed(left)} may crash behind that, and nothing goes back to the release before."
        )
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


def _left_by_conditions(project: Project, texts: list[str]) -> tuple[str, ...]:
    """Return the services that Compose waits for nobody to find healthy, where it waits for an application of each started
    stack, and every other one comes behind such a one; () where that is not so.
    """
    found: dict[str, None] = {}
    for text in texts:
        stack = _started_stack(project, text)
        left = _last_of(stack) if stack else ()
        if not left:
            return ()
        found |= dict.fromkeys(left)
    return tuple(found)


def _last_of(stack: Stack) -> tuple[str, ...]:
    jobs = awaited_jobs(stack)
    waits = {
        service.name: {item.service for item in service.depends_on if item.condition == "service_healthy"}
        for service in stack.services
    }
    awaited = set().union(*waits.values())
    own = [item for item in stack.services if not item.is_datastore and item.name not in jobs]
    checked = {item.name for item in own if item.name in awaited and item.healthcheck}
    left = tuple(item.name for item in own if item.name not in checked)
    return left if checked and all(waits[name] & checked for name in left) else ()


def _started_stack(project: Project, text: str) -> Stack | None:
    """Return the stack for production whose files a text names to Compose, None where that is not told or another program
    starts.
    """
    if not _UP.search(text) or _WAITS_FOR_NOBODY.search(text):
        return None
    names = named_files(text)
    stacks = (stack for stack in project.stacks if stack.environment is EnvironmentClass.PRODUCTION and stack.complete)
    return next((stack for stack in stacks if names == {posixpath.basename(path) for path in stack.files}), None)


def _gap(project: Project, workflow: Workflow, jobs: list[Job]) -> Gap:
    starts = [step for job in jobs for step in job.steps if STARTS.search(run_text(step))]
    named = (f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}" for job in jobs)
    staging = {path_environment(text) for text in named} == {EnvironmentClass.STAGING}
    text = "\n".join(from_the_start(run_text(step)) for job in jobs for step in job.steps)
    left = _left_by_conditions(project, [from_the_start(run_text(step)) for step in starts])
    return RULE.gap(
        resource=workflow.path,
        subject="verification",
        message=_message(f"The job {listed(job.id for job in jobs)}", text, left),
        expected=_EXPECTED,
        actual=_actual(text),
        locations=tuple(dict.fromkeys(place_of(workflow, step, _started_by(run_text(step))) for step in starts)),
        related=tuple(job.location for job in jobs),
        severity=Severity.LOW if staging or left else Severity.MEDIUM,
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
