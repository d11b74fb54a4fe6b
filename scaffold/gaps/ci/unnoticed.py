"""Deployments that are green whatever happens: the step, the job or the command that deploys may fail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from scaffold.gaps.ci.looks import FORGIVEN, ONLY_SHOWS, is_looked_at_behind, looks_at_it, place_in_job
from scaffold.gaps.ci.outgoing import DEPLOYS, going_out
from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.model.deployments import STARTS, place_of, run_text
from scaffold.model.document import Location, find, scalars_in, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Job, Project, Step
from scaffold.model.regex import regex

_ASKED_AFTER = regex(r"\bsteps\.[\w-]+\.(?:outcome|conclusion)\b|\bfailure\(\)")
_FAILS = regex(r"\bexit\s+(?:[1-9]|\$)|\bfalse\b|setFailed")
"""What a step does that fails its job by what it has seen."""
_GOES_ON = regex(r"(?m)^[^\S\n]*set\s+(?:\+\w*e\w*|\+o\s+errexit)\b")
_STOPS_AGAIN = regex(r"(?m)^[^\S\n]*set\s+-(?:\w*e|o\s+errexit)|\$\?|PIPESTATUS")
_STOPS_IN_A_PIPE = regex(r"pipefail|PIPESTATUS|shell:\s*[\"']?bash\b")
"""GitHub starts a step with `bash -e`, and with `-o pipefail` only where the workflow says `shell: bash`."""
_TO_TEE = regex(r"[^|]\|&?\s*(?:sudo\s+)?tee\b", words=("tee",))
_FAILS_ON_ANSWER = regex(r"\s-\w*f\w*\b|--fail\b|--fail-with-body\b|-w\b|--write-out\b|\$\(|`|[^|]\|[^|]")


@frozen
class Unnoticed:
    """A deployment of which nobody learns that it failed: where, in which way, and whether only an answer is not looked at."""

    item: CiStep
    place: Location
    way: str
    minor: bool = False


def unnoticed_deployments(project: Project) -> Iterator[Unnoticed]:
    """Yield each step that deploys and is green whatever comes of it, where nothing of its job asks how it ended."""
    for item in ci_steps(project):
        going = going_out([item]) if item.workflow.path not in project.owned else None
        if going is not None and going.deploys and not known(_is_asked_for, item.job):
            way = _by_setting(item) or _by_command(item)
            if way is not None:
                yield way


def loses_failure_in_pipe(item: CiStep, command: str) -> bool:
    """Whether a command hands what it says to tee in a shell in which only the end of a pipe counts."""
    if not _TO_TEE.search(command) or _STOPS_IN_A_PIPE.search(item.workflow.document.text):
        return False
    machines = scalars_of(find(item.job.node, "runs-on"))
    return not _STOPS_IN_A_PIPE.search(item.step.run) and not any("windows" in machine.value for machine in machines)


def job_may_fail(job: Job) -> bool:
    """Whether a job as a whole has `continue-on-error`."""
    return text_of(find(job.node, "continue-on-error")).lower() == "true"


def is_judged_later(item: CiStep) -> bool:
    """Whether a later step of the job fails it, or the job hands on, how a step with `continue-on-error` ended."""
    if not item.step.id:
        return False
    outcome = f"steps.{item.step.id}.outcome"
    if any(outcome in value.value for value in scalars_in(find(item.job.node, "outputs"))):
        return True
    behind = item.job.steps[place_in_job(item.job, item.step) + 1 :]
    return any(_fails_by(step, outcome) for step in behind)


def _fails_by(step: Step, outcome: str) -> bool:
    script = step.input("script")
    is_asked = outcome in step.condition or outcome in step.run or outcome in script or outcome in str(step.env)
    return is_asked and bool(_FAILS.search(f"{step.run}\n{script}"))


def _is_asked_for(job: Job) -> bool:
    texts = (f"{step.condition}\n{step.run}\n{step.inputs}\n{step.env}" for step in job.all_steps)
    return any(_ASKED_AFTER.search(text) for text in texts)


def _by_setting(item: CiStep) -> Unnoticed | None:
    if item.step.continue_on_error:
        return Unnoticed(item, item.place, "deploys with continue-on-error")
    if job_may_fail(item.job):
        return Unnoticed(item, item.place, "deploys and has continue-on-error as a whole")
    return None


def _by_command(item: CiStep) -> Unnoticed | None:
    """Return in which way every command that deploys may fail, if nothing looks at the release afterwards."""
    lines = run_text(item.step).replace("\\\n", " ").splitlines()
    starts = [number for number, line in enumerate(lines) if _start_of(line)]
    if not starts or _is_looked_at(item, lines[starts[-1] + 1 :]):
        return None
    place = place_of(item.workflow, item.step, lines[starts[0]].strip().split("  ", maxsplit=1)[0])
    for way, holds in _WAYS.items():
        if all(holds(item, lines, number) for number in starts):
            return Unnoticed(item, place, way, minor=holds is _asks_a_hook)
    return None


def _start_of(line: str) -> re.Match[str] | None:
    if ONLY_SHOWS.fullmatch(line):
        return None
    return DEPLOYS.search(line) or STARTS.search(line)


def _is_looked_at(item: CiStep, rest: list[str]) -> bool:
    """Whether the rest of the step, a step after it or a job that needs it looks at the release."""
    return looks_at_it("\n".join(rest)) or is_looked_at_behind(item.workflow, item.job, item.step)


def _is_forgiven(item: CiStep, lines: list[str], number: int) -> bool:  # noqa: ARG001
    start = _start_of(lines[number])
    return start is not None and bool(FORGIVEN.search(lines[number], start.end()))


def _goes_on(item: CiStep, lines: list[str], number: int) -> bool:
    """Whether the shell of the step goes on after the command, and something else is the last that it does."""
    before, after = "\n".join(lines[:number]), "\n".join(lines[number + 1 :]).strip()
    is_here = bool(item.step.run) and bool(after)
    return is_here and bool(_GOES_ON.search(before)) and not _STOPS_AGAIN.search(f"{before}\n{after}")


def _ends_in_tee(item: CiStep, lines: list[str], number: int) -> bool:
    return loses_failure_in_pipe(item, lines[number])


def _asks_a_hook(item: CiStep, lines: list[str], number: int) -> bool:  # noqa: ARG001
    """Whether curl sends for the deployment, and takes every answer for a success."""
    return bool(re.match(r"\s*curl\s", lines[number])) and not _FAILS_ON_ANSWER.search(lines[number])


_WAYS: dict[str, Callable[[CiStep, list[str], int], bool]] = {
    "deploys with a command that may fail (`||`)": _is_forgiven,
    "deploys in a shell that goes on after a failure (set +e)": _goes_on,
    "deploys with a command whose end is lost in a pipe to tee": _ends_in_tee,
    "deploys with curl without --fail, which takes an answer such as 404 or 500 for a success": _asks_a_hook,
}
