"""CIQ018: a tag starts the release, and what goes out is the head of a branch, not the commit that the tag names."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import going_out
from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location
from scaffold.model.deployments import place_of, run_text
from scaffold.model.document import Location, find
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

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


@frozen
class _Head:
    """Where a job takes the head of a branch, and which."""

    branch: str
    place: Location


def _detect(project: Project) -> Iterator[Gap]:
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in ci_steps(project):
        if item.workflow.path not in project.owned and _starts_by_tag_alone(item.workflow):
            jobs.setdefault((item.workflow.path, item.job.id), []).append(item)
    for steps in jobs.values():
        going = going_out(steps)
        head = _head(steps, going.item) if going else None
        if going and head:
            yield _gap(going.item, head, deploys=going.deploys)


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
    closers=(Closer(None, "advice", "Check out the tag (no `ref:`, or `ref: ${{ github.ref }}`), and release that commit."),),
)
