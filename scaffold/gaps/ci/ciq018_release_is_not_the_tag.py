"""CIQ018: a tag, or the end of the tests, starts the release, and what goes out is the head of a branch, not that commit; or a
cluster is given a tag that moves while images of each commit are there.
"""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import going_out
from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location
from scaffold.gaps.facts import listed
from scaffold.model.deployments import is_deployment, place_of, run_text
from scaffold.model.document import Location, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Trigger, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import BUILD_ACTION

_BRANCH = (
    r"(?P<branch>main|master|trunk|develop|dev|development|prod|production|release|stable"
    r"|\$\{\{\s*github\.event\.repository\.default_branch\s*\}\})"
)
_REF = regex(rf"^(?:refs/heads/)?{_BRANCH}$")
_TAKES = regex(
    r"^[^#\n]*?\bgit\s+(?:-C\s+\S+\s+)?(?:pull\s+(?:-\S+\s+)*origin|(?:checkout|switch)(?:\s+-\S+)*|reset\s+--hard)"
    rf"\s+[\"']?(?:origin/)?{_BRANCH}(?=[\s;&|\"']|$)"
)
_BY_COMMIT = regex(
    r"(?i)\bgit\s+(?:-C\s+\S+\s+)?(?:checkout|switch|merge|reset)\b[^\n]*(?:tag|github\.ref|_ref\b|version|sha\b|\$)"
)
"""What brings the sources to the tag after all."""

_BY_ANOTHER = regex(r"workflow_dispatch|refs/tags|github\.event_name\s*==")
_MOVING = regex(
    r"(?:--set(?:-string)?[ =]+[\"']?[\w.-]{0,100}?(?:[tT]ag=|[iI]mage=[^\s\"',]{1,200}:)"
    r"|\bset\s+image\s[^\n]{0,300}?=[^\s\"']{1,200}:)"
    r"(?P<tag>latest)(?=[\s\"',]|$)",
    words=("latest",),
)
"""A cluster is told to run an image by a tag that each build moves."""
_OF_A_COMMIT = regex(r"github\.sha|GITHUB_SHA|type=(?:sha|semver)|\brev-parse\b")
_TELLS = regex(r"head_sha|head_branch|\bgit\s+(?:checkout|reset|switch)\b")
"""What may bring the sources to the commit that was tested."""


@frozen
class _Head:
    """Where a job takes the head of a branch, and which."""

    branch: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in ci_steps(project):
        if item.workflow.path not in project.owned:
            jobs.setdefault((item.workflow.path, item.job.id), []).append(item)
    for steps in jobs.values():
        yield from _by_moving_tag(project, steps)
        by_tag, tested = _starts_by_tag_alone(steps[0].workflow), _after(steps[0])
        going = going_out(steps) if by_tag or tested else None
        head = _head(steps, going.item) if by_tag and going else None
        taken = _takes_what_is_there(steps, going.item) if tested and going else None
        if going and head:
            yield _gap(going.item, head, deploys=going.deploys)
        elif going and tested and taken:
            yield _untested(going.item, tested, taken, deploys=going.deploys)


def _starts_by_tag_alone(workflow: Workflow) -> bool:
    """Whether a tag or a release starts the workflow, and no push to a branch does."""
    found = False
    for trigger in workflow.triggers:
        if trigger.event == "push":
            if find(trigger.node, "branches") or not find(trigger.node, "tags"):
                return False
            found = True
        elif trigger.event == "release":
            found = True
        elif trigger.event != "workflow_dispatch":
            return False
    return found


def _head(steps: list[CiStep], out: CiStep) -> _Head | None:
    """Return the branch whose head a job has when it sends something out, None where it may be the tag."""
    found: _Head | None = None
    for item in steps:
        step = item.step
        if step.action == "actions/checkout" and not _is_aside(item):
            ref = _REF.match(step.input("ref").strip())
            found = _Head(ref["branch"], input_location(item, "ref")) if ref else None
        for line in run_text(step).split("\n"):
            if match := _TAKES.match(line):
                found = found or _Head(match["branch"], place_of(item.workflow, step, line))
            elif _BY_COMMIT.search(line):
                found = None
        if item is out:
            break
    return found


def _is_aside(item: CiStep) -> bool:
    """Whether a checkout is of another repository or beside the sources."""
    return bool(item.step.input("repository") or item.step.input("path"))


def _after(item: CiStep) -> Trigger | None:
    """Return what starts a job once another workflow has ended, None where nothing does, or another event alone does."""
    trigger = next((trigger for trigger in item.workflow.triggers if trigger.event == "workflow_run"), None)
    if trigger is None or "workflow_run" in item.job.condition:
        return trigger
    alone = {"workflow_run", "workflow_dispatch"}.issuperset(item.workflow.events)
    return trigger if alone and not _BY_ANOTHER.search(item.job.condition) else None


def _takes_what_is_there(steps: list[CiStep], out: CiStep) -> Location | None:
    """Return the checkout without a ref from which a job sends something out, None where the commit is told after all."""
    found: Location | None = None
    for item in steps:
        if item.step.action == "actions/checkout" and not _is_aside(item):
            found = None if item.step.input("ref") else item.place
        elif _TELLS.search(f"{item.text}\n{item.job.env}"):
            return None
        if item is out:
            break
    return found


def _untested(out: CiStep, trigger: Trigger, taken: Location, *, deploys: bool) -> Gap:
    names = [item.value for item in scalars_of(find(trigger.node, "workflows"))]
    branches = [item.value for item in scalars_of(find(trigger.node, "branches"))]
    does = "deploys" if deploys else "publishes"
    several = f" A run for {listed(branches)} ends in the default branch as well." if len(branches) > 1 else ""
    return RULE.gap(
        resource=f"{out.workflow.path}/{out.job.id}",
        subject="ref",
        message=f"The job {out.job.id} starts once {listed(names) or 'another workflow'} has ended, and {does} the head of the"
        f" default branch, not the commit of that run: what was merged in between goes out untested.{several}",
        expected="ref: ${{ github.event.workflow_run.head_sha }}",
        actual="the head of the default branch",
        locations=(taken,),
        related=(out.place, trigger.location),
    )


def _by_moving_tag(project: Project, steps: list[CiStep]) -> Iterator[Gap]:
    """Yield a gap for a job that deploys images by `latest`, where a workflow pushes them by commit or version as well."""
    found = [item for item in steps if item.is_own and _MOVING.search(run_text(item.step))]
    pushed = _pushed_by_commit(project) if found and is_deployment(found[0].workflow, found[0].job) else None
    if pushed is None:
        return
    item = found[0]
    line = next(line for line in run_text(item.step).splitlines() if _MOVING.search(line))
    yield RULE.gap(
        resource=f"{item.workflow.path}/{item.job.id}",
        subject="tag",
        message=f"The job {item.job.id} has the cluster run images by the tag latest, though {pushed.path}:{pushed.line} pushes"
        " one for each commit or version: nobody sees which one runs, and going back to the release before pulls the same"
        " image again.",
        expected="the tag of the commit or of the version, as the build pushed it",
        actual="latest",
        locations=(place_of(item.workflow, item.step, line),),
        related=(pushed,),
    )


def _pushed_by_commit(project: Project) -> Location | None:
    """Return the step that gives pushed images the tag of a commit or version, None where none does."""
    for item in ci_steps(project):
        step = item.step
        tags = step.input("tags") if step.action in {BUILD_ACTION, "docker/metadata-action"} else ""
        pushes = step.run if "docker push" in step.run or "--push" in step.run else ""
        if _OF_A_COMMIT.search(f"{tags}\n{pushes}") and item.workflow.path not in project.owned:
            return item.place
    return None


def _gap(out: CiStep, head: _Head, *, deploys: bool) -> Gap:
    branch = "the default branch" if head.branch.startswith("$") else head.branch
    does = "deploys" if deploys else "publishes"
    return RULE.gap(
        resource=f"{out.workflow.path}/{out.job.id}",
        subject="ref",
        message=f"A tag starts the job {out.job.id}, and it {does} the head of {branch}, not the commit"
        " that the tag names: what was merged in between goes out as this version, and a second run gives another one.",
        expected="the commit of the tag: no ref, or ref: ${{ github.ref }}",
        actual=f"the head of {branch}",
        locations=(head.place,),
        related=(out.place, *(trigger.location for trigger in out.workflow.triggers if trigger.event in {"push", "release"})),
    )


RULE = Rule(
    code="CIQ018",
    name="release-is-not-the-tag",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Check out the commit that starts it: `github.ref` of a tag, `workflow_run.head_sha` after tests.",
        ),
    ),
)
