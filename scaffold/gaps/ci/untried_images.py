"""Images that go out beside the job of the same workflow that builds and starts them for a try."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import Going, ids_before
from scaffold.gaps.ci_signals import CiStep, builds_image
from scaffold.model.frozen import frozen
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
    of_workflow: dict[str, list[CiStep]] = {}
    for (path, _), step in trials.items():
        of_workflow.setdefault(path, []).append(step)
    gates: dict[str, set[str]] = {}
    for going in released:
        if going.deploys:
            gates.setdefault(going.item.workflow.path, set()).update(ids_before(going.item.job, going.item.workflow))
    for going in released:
        path = going.item.workflow.path
        own = of_workflow.get(path, [])
        is_tried = (path, going.item.job.id) in trials
        if own and not is_tried and not any(_is_held(going, step, gates.get(path, set())) for step in own):
            yield Untried(going, own[0])


def _is_held(going: Going, trial: CiStep, gates: set[str]) -> bool:
    """Whether a job waits for the trial, tries what it gets itself, or has only sent out what a gated job deploys; `gates`
    are the jobs that the deployments of the workflow wait for.
    """
    job, workflow, name = going.item.job, going.item.workflow, trial.job.id
    if name == job.id or name in ids_before(job, workflow) or job.id in ids_before(trial.job, workflow):
        return True
    return not going.deploys and name in gates


def _trial(steps: list[CiStep]) -> CiStep | None:
    """Return the step of a job that starts the image which the job builds, where something asks it afterwards."""
    text = "\n".join(item.text for item in steps)
    if "pull_request" in steps[0].job.condition or not any(map(builds_image, steps)) or not _ASKS.search(text):
        return None
    return next((item for item in steps if _STARTS.search(item.text)), None)
