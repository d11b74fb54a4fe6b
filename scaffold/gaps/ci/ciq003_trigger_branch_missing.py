"""CIQ003: a workflow waits for pushes or pull requests of a branch that does not exist."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.document import Location, Scalar, find, scalars_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Confidence, Layer, Severity
from scaffold.model.project import Project, Trigger, Workflow
from scaffold.model.workflow_triggers import nested_events

_EVENTS = frozenset({"push", "pull_request", "pull_request_target"})
_USUAL = frozenset({"main", "master"})
_PATTERN = frozenset("*?+[]!$")


def _detect(project: Project) -> Iterator[Gap]:
    if project.default_branch:
        yield from _unknown_branches(project)
    else:
        yield from _odd_ones(project)


def _unknown_branches(project: Project) -> Iterator[Gap]:
    known = set(project.branches)
    for workflow, trigger, branches in _filters(project):
        if branches and known.isdisjoint(item.value for item in branches):
            expected = project.default_branch
            yield _gap(workflow, trigger, branches, f"the remote has no such branch; its default is {expected}", expected)


def _odd_ones(project: Project) -> Iterator[Gap]:
    """Yield the filters that name one of main and master while every other one names the other: a guess."""
    found = [(*item, {branch.value for branch in item[2]} & _USUAL) for item in _filters(project)]
    counts = {name: sum(1 for *_, names in found if names == {name}) for name in _USUAL}
    both = any(len(names) > 1 for *_, names in found)
    rare = min(sorted(_USUAL), key=lambda name: counts[name])
    common = next(iter(_USUAL - {rare}))
    if both or not counts[rare] or counts[common] <= counts[rare]:
        return
    for workflow, trigger, branches, names in found:
        if names == {rare} and len(branches) == 1:
            reason = f"all other workflows wait for {common}"
            yield _gap(workflow, trigger, branches, reason, common, Confidence.LOW)


def _filters(project: Project) -> Iterator[tuple[Workflow, Trigger, tuple[Scalar, ...]]]:
    """Yield the filters by branch that hold plain names and nothing else that could start the workflow."""
    for workflow in foreign_workflows(project):
        if nested_events(workflow.document):
            continue  # GitHub rejects the whole file, which is another gap.
        for trigger in workflow.triggers:
            branches = scalars_of(find(trigger.node, "branches")) if trigger.event in _EVENTS else ()
            plain = all(_PATTERN.isdisjoint(item.value) for item in branches)
            if branches and plain and find(trigger.node, "tags") is None:
                yield workflow, trigger, branches


def _gap(  # noqa: PLR0913, PLR0917 - the place of a filter, why it is wrong, and what it should say
    workflow: Workflow,
    trigger: Trigger,
    branches: tuple[Scalar, ...],
    reason: str,
    expected: str,
    confidence: Confidence = Confidence.HIGH,
) -> Gap:
    names = ", ".join(item.value for item in branches)
    places: tuple[Location, ...] = tuple(item.location for item in branches)
    return RULE.gap(
        resource=workflow.path,
        subject=f"{trigger.event}/branches",
        message=f"{workflow.name or workflow.path} waits for {trigger.event} on {names}: {reason}, so this never starts it.",
        expected=expected,
        actual=names,
        locations=places,
        confidence=confidence,
        kind=reason,
    )


RULE = Rule(
    code="CIQ003",
    name="trigger-branch-missing",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Name the branch that people merge into, or take the filter out."),),
    cause=Cause.PROJECT,
)
