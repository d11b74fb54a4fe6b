"""CIQ016: a deployment ends when the command has been sent, and nothing looks whether the new release runs."""

from __future__ import annotations

import re
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
_ONLY_SHOWS = regex(
    r"[\"'\s]*(?:sudo\s+)?(?:#|echo\b|printf\b|sleep\b"
    r"|(?:docker|docker[ -]compose|\$\{?\w*COMPOSE\w*\}?)\s(?:[^\n|]*\s)?(?:ps|logs|images)\b"
    r"(?![^\n]*(?:\||\s-q\b|--quiet\b)))[^\n]*"
)
"""A command that tells the reader of the log something, and never fails for what it shows."""
_FORGIVEN = regex(r"\|\|\s*(?:true\b|:(?=\s|$)|echo\b|exit\s+0)")
_BRANCHES = regex(r"\s*(?:el)?if\b|[^\n]*&&\s*(?:break|exit\s+0)\b")
_FAILS = regex(
    r"\bexit\s+(?:[1-9]|\$)|\breturn\s+[1-9]|\bfalse\b|roll_?back|\brestore|\b(?:fail|die|abort|error)\s+[\"']|undo\b"
)
"""What ends a step or a script as failed, or takes the release back."""
_ASKS = regex(r"\bps\b|\bcurl\b|\bwget\b")
_WAITS_ITSELF = "wait-for-service-stability"


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        jobs = [job for job in workflow.jobs if is_deployment(workflow, job) and not _is_looked_at(workflow, job)]
        if jobs:
            yield _gap(workflow, jobs)
    for path, commands in deploy_scripts(project).items():
        starts = [item for item in commands if STARTS.search(item.text) and not _ONLY_SHOWS.fullmatch(item.text)]
        text = "\n".join(item.text for item in commands)
        if starts and not _looks(text):
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
    does = "only shows how it is" if _shows(text) else "ends"
    return (
        f"{name} starts the new release and {does}: a container that crashes or never becomes healthy counts as a success, and"
        " nothing goes back to the release before."
    )


def _actual(text: str) -> str:
    return "a look whose result is thrown away" if _shows(text) else "nothing after the start"


def _shows(text: str) -> bool:
    """Whether a text looks at what runs at all."""
    return any(_ASKS.search(line) for line in text.splitlines() if not line.lstrip().startswith(("#", "echo")))


_EXPECTED = "up -d --wait, a request to the app behind it, and a way back when one of them fails"


def _is_looked_at(workflow: Workflow, job: Job) -> bool:
    """Whether the job looks at what it started, in that step or after it, or one that needs it does."""
    first = next((number for number, step in enumerate(job.steps) if STARTS.search(run_text(step))), 0)
    after = [item for item in workflow.jobs if item is not job and job.id in item.needs]
    steps = [*job.steps[first + 1 :], *job.followed_steps, *(step for item in after for step in item.all_steps)]
    starting = job.steps[first] if job.steps else None
    if starting and (_looks_by_input(starting) or _looks(_from_the_start(run_text(starting)))):
        return True
    return any(map(_is_look, steps)) or any(item.uses for item in after)


def _from_the_start(text: str) -> str:
    """Return a text from the line on that starts the release: what stands before looks at the old one, but for traps."""
    match = STARTS.search(text)
    cut = text.rfind("\n", 0, match.start()) + 1 if match else 0
    return "\n".join((*(line for line in text[:cut].split("\n") if line.lstrip().startswith("trap ")), text[cut:]))


def _looks_by_input(step: Step) -> bool:
    return step.input(_WAITS_ITSELF) == "true" or step.input("wait") == "true"


def _is_look(step: Step) -> bool:
    """Whether a step looks at the release: by what it does, or by its name where what it does is not to be seen."""
    text = run_text(step)
    if _looks_by_input(step) or _looks(text):
        return True
    does = not text.strip() or any(map(_rest, text.splitlines()))
    return does and not _LOOKS.search(text) and bool(_LOOKS.search(f"{step.name}\n{step.uses}"))


def _looks(text: str) -> bool:
    """Whether a line of a text looks at what runs, and its result decides something."""
    lines = text.replace("\\\n", " ").splitlines()
    for number, line in enumerate(lines):
        found = _LOOKS.search(_rest(line))
        if found and not _is_forgiven(line, lines[number:]):
            return True
    return False


def _rest(line: str) -> str:
    """Return a line without the commands that only show something."""
    parts = re.split(r"&&|;", line)
    return " && ".join(part for part in parts if part.strip() and not _ONLY_SHOWS.fullmatch(part))


def _is_forgiven(line: str, following: list[str]) -> bool:
    """Whether the result of a line is thrown away, or branches to lines that all end well."""
    if _FORGIVEN.search(line):
        return not _FAILS.search(line)
    return bool(_BRANCHES.match(line)) and not any(map(_FAILS.search, following))


def _started_by(text: str) -> str:
    """Return the line of a text in which the start begins."""
    match = STARTS.search(text)
    return text[: match.end()][text.rfind("\n", 0, match.start()) + 1 :].split("\n", maxsplit=1)[0] if match else ""


def _gap(workflow: Workflow, jobs: list[Job]) -> Gap:
    starts = [step for job in jobs for step in job.steps if STARTS.search(run_text(step))]
    named = (f"{workflow.path.rpartition('/')[2]} {job.id} {job.environment}" for job in jobs)
    staging = {path_environment(text) for text in named} == {EnvironmentClass.STAGING}
    text = "\n".join(_from_the_start(run_text(step)) for job in jobs for step in job.steps)
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
)
