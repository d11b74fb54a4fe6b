"""Images that go out beside the job of the same workflow that builds and starts them for a try."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import Going, jobs_before
from scaffold.gaps.ci_signals import CiStep, builds_image
from scaffold.model.frozen import frozen
from scaffold.model.project import Job
from scaffold.model.regex import regex

_STARTS = regex(
    r"\bdocker\s+(?:container\s+)?run\b|\bdocker[ -]compose\b[^\n&|;]*\sup\b|\bpodman\s+run\b"
    r"|\bkind\s+load\b|container-structure-test",
    words=("run", "up", "kind", "container-structure-test"),
)
_ASKS = regex(
    r"\bcurl\b|\bwget\b|--wait\b|\bhealth|\bnc\s+-|playwright|cypress|\bnewman\b|container-structure-test|kubectl\s+wait|pytest"
)
"""What looks whether the container that was started answers."""


@frozen
class Untried:
    """A job that sends an image out, and the job that tries the image and for which nothing waits."""

    going: Going
    trial: CiStep


def untried_images(jobs: dict[tuple[str, str], list[CiStep]], released: list[Going]) -> Iterator[Untried]:
    """Yield each job of these that sends an image out without waiting for a job of its workflow that starts that image."""
    trials = {key: step for key, steps in jobs.items() if (step := _trial(steps)) is not None}
    for going in released:
        path, job = going.item.workflow.path, going.item.job
        by_id = {item.id: item for item in going.item.workflow.jobs}
        deploying = {item.item.job.id for item in released if item.deploys and item.item.workflow.path == path}
        own = [step for (where, _), step in trials.items() if where == path]
        if own and (path, job.id) not in trials and not any(_is_held(going, step.job.id, by_id, deploying) for step in own):
            yield Untried(going, own[0])


def _is_held(going: Going, trial: str, by_id: dict[str, Job], deploying: set[str]) -> bool:
    """Whether a job waits for the trial, tries what it gets itself, or has only sent out what a gated job deploys."""
    job = going.item.job
    if trial == job.id or trial in _names(job, by_id) or job.id in _names(by_id[trial], by_id):
        return True
    return not going.deploys and any(trial in _names(by_id[name], by_id) for name in deploying if name in by_id)


def _names(job: Job, by_id: dict[str, Job]) -> set[str]:
    return {item.id for item in jobs_before(job, by_id)}


def _trial(steps: list[CiStep]) -> CiStep | None:
    """Return the step of a job that starts the image which the job builds, where something asks it afterwards."""
    text = "\n".join(item.text for item in steps)
    if "pull_request" in steps[0].job.condition or not any(map(builds_image, steps)) or not _ASKS.search(text):
        return None
    return next((item for item in steps if _STARTS.search(item.text)), None)
