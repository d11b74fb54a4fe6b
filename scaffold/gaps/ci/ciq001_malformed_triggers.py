"""CIQ001: the `on:` of a workflow is one that GitHub rejects or reads differently than it looks."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import ci_steps, pushes_image, runs_tests
from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import is_deployment
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_triggers import NestedEvent, TriggerFault, nested_events, trigger_faults

_ADVICE = {
    "null": "Name at least one event under `on:`.",
    "unknown": "Replace it by an event that GitHub knows, or indent it under the event that it filters.",
    "duplicate": "Keep one of the two keys with the values of both.",
    "filter": "Remove the filter, or move it under an event that takes it.",
}
_OF_THE_WHOLE = regex(r"(?i)e2e|end[-_]?to[-_]?end|playwright|cypress|nightly|bench|lighthouse")
_RUNNERS = regex(
    r"\b(pytest|tox|nox|vitest|jest|mocha|npm|pnpm|yarn|bun|deno|rspec|rails|phpunit|pest|composer|go|cargo|mix|dotnet|mvnw?|gradlew?"
    r"|bazel|make|swift|flutter|manage\.py)\b"
)
_OF_BRANCHES_AND_TAGS = frozenset({"create", "delete"})
_CHECKED = frozenset({"push", "pull_request", "pull_request_target"})
"""Events whose filters GitHub is known to check before it runs a workflow."""
_EXPECTED = {
    "null": "at least one event",
    "unknown": "an event of GitHub Actions",
    "duplicate": "each key once",
    "filter": "only filters that the event takes",
}


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in project.workflows:
        for nested in nested_events(workflow.document):
            yield _nested(project, workflow, nested)
        for fault in trigger_faults(workflow.document):
            yield _faulty(project, workflow, fault)


def _severity(project: Project, workflow: Workflow) -> Severity:
    """Return `high` where something is for sure lost: the workflow deploys or pushes an image, or runs tests by a program that
    no other one starts, and no tests of the whole beside others; `medium` for other work.
    """
    if workflow.path in _pushing(project) or any(is_deployment(workflow, job) for job in workflow.jobs):
        return Severity.HIGH
    testing = _testing(project)
    elsewhere = frozenset[str]().union(*(tools for path, tools in testing.items() if path != workflow.path))
    of_the_whole = bool(elsewhere) and bool(_OF_THE_WHOLE.search(workflow.path))
    return Severity.HIGH if testing.get(workflow.path, frozenset()) - elsewhere and not of_the_whole else Severity.MEDIUM


@remembered
def _testing(project: Project) -> dict[str, frozenset[str]]:
    """Return the workflows that run tests, with the programs by which they do so."""
    found: dict[str, frozenset[str]] = {}
    for item in ci_steps(project):
        if runs_tests(item):
            tools = frozenset(_RUNNERS.findall(item.text)) or frozenset({""})
            found[item.workflow.path] = found.get(item.workflow.path, frozenset()) | tools
    return found


@remembered
def _pushing(project: Project) -> frozenset[str]:
    """Return the workflows that push an image."""
    return frozenset(item.workflow.path for item in ci_steps(project) if pushes_image(item))


def _nested(project: Project, workflow: Workflow, nested: NestedEvent) -> Gap:
    outer, inner = nested.outer.key.value, nested.inner.key.value
    repeated = ", ".join(dict.fromkeys(entry.key.value for entry in nested.following))
    more = f", and repeats {repeated}" if repeated else ""
    return RULE.gap(
        resource=workflow.path,
        subject=f"on/{outer}/{inner}",
        message=f"{inner} is indented under {outer}{more}: GitHub rejects the workflow, so nothing of it ever runs.",
        expected=f"{inner} beside {outer}",
        actual=f"{inner} as a filter of {outer}",
        locations=(nested.inner.key.location, *(entry.key.location for entry in nested.following)),
        related=(nested.outer.key.location,),
        severity=_severity(project, workflow),
    )


def _faulty(project: Project, workflow: Workflow, fault: TriggerFault) -> Gap:
    route = "/".join(part for part in ("on", fault.event, "" if fault.kind == "null" else fault.key) if part)
    return RULE.gap(
        resource=workflow.path,
        subject=f"{route}/{fault.kind}",
        message=_message(fault),
        expected=_EXPECTED[fault.kind],
        actual=f"{fault.key} ({fault.kind})",
        locations=(fault.node.location,),
        related=_earlier(fault),
        severity=Severity.LOW
        if _is_ignored(fault)
        else min(_severity(project, workflow), Severity.MEDIUM)
        if fault.kind == "filter" and fault.event not in _CHECKED
        else _severity(project, workflow),
        closers=(Closer(None, "advice", _ADVICE[fault.kind]),),
    )


def _message(fault: TriggerFault) -> str:
    where = fault.event or "on"
    if _is_ignored(fault):
        return f"{fault.event} takes no {fault.key}: the workflow runs for every branch and tag, whatever stands there."
    return {
        "null": "The workflow names no event, so GitHub rejects it and nothing of it runs.",
        "unknown": f"{fault.key} is no event of GitHub Actions, so the workflow is rejected and nothing of it runs.",
        "duplicate": f"{fault.key} stands twice under {where}, so GitHub rejects the workflow and nothing of it runs.",
        "filter": f"{fault.event} takes no {fault.key}, so GitHub rejects the workflow and nothing of it runs.",
    }[fault.kind]


def _is_ignored(fault: TriggerFault) -> bool:
    """Whether GitHub runs the workflow as if the key were not there (actions/runner#1007)."""
    return fault.kind == "filter" and fault.event in _OF_BRANCHES_AND_TAGS


def _earlier(fault: TriggerFault) -> tuple[Location, ...]:
    return (fault.first.location,) if fault.first else ()


RULE = Rule(
    code="CIQ001",
    name="malformed-triggers",
    layer=Layer.CI,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    maps_to=("actionlint:events", "actionlint:syntax-check"),
)
