"""CIQ019: a job uses a version of an action, or an image of a runner, that GitHub has shut off: it never runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import held_back
from scaffold.gaps.ci.shut_off import action_stopped, image_removed
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.model.deployments import is_own_machine
from scaffold.model.document import Location, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Workflow


@frozen
class _Stopped:
    """What a job uses that is gone, since which day, and where that stands."""

    job: Job
    name: str
    day: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        found = [stopped for job in workflow.jobs for stopped in _stopped(job)]
        if found:
            yield _gap(project, workflow, found)


def _stopped(job: Job) -> Iterator[_Stopped]:
    """Yield what GitHub no longer runs of a job; on the team's machines it may be their own GitHub, with older actions."""
    if is_own_machine(job):
        return
    for label in scalars_of(find(job.node, "runs-on")):
        if day := image_removed(label.value):
            yield _Stopped(job, label.value, day, label.location)
    for step in job.all_steps:
        if day := action_stopped(step.uses):
            yield _Stopped(job, step.uses, day, step.uses_location or step.location)


def _gap(project: Project, workflow: Workflow, found: list[_Stopped]) -> Gap:
    failing = {stopped.job.id for stopped in found}
    lost = held_back(project, workflow, failing)
    names = listed(dict.fromkeys(stopped.name for stopped in found), 4)
    since = min(stopped.day for stopped in found)
    return RULE.gap(
        resource=workflow.path,
        subject="shut-off",
        message=f"GitHub has shut off {names} (since {since}): {_jobs(failing)}"
        f" {'ends' if len(failing) == 1 else 'end'} before the first step{_consequence(lost, failing)}.",
        expected="a version that GitHub still runs",
        actual=names,
        locations=tuple(dict.fromkeys(stopped.place for stopped in found)),
        severity=Severity.HIGH if lost else Severity.MEDIUM,
    )


def _jobs(names: set[str]) -> str:
    return f"the job{'' if len(names) == 1 else 's'} {listed(sorted(names), 4)}"


def _consequence(lost: list[str], failing: set[str]) -> str:
    """Say what does not go out: of the failing jobs themselves, and of those that wait for them."""
    waiting = [name for name in lost if name not in failing]
    if waiting:
        return f", and {listed(waiting, 3)}, which {'waits' if len(waiting) == 1 else 'wait'} for the result, cannot go out"
    return ", so that nothing is deployed or released" if lost else ""


RULE = Rule(
    code="CIQ019",
    name="uses-what-was-shut-off",
    layer=Layer.CI,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Use what runs: artifacts from v4 on (a name is used once in a run there), cache v4 or newer, a current runner.",
        ),
    ),
)
