"""CIQ002: the tests run after the merge only, when the broken change is already in."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow, ci_steps, runs_tests
from scaffold.model.document import find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.workflow_triggers import nested_events, trigger_faults

_BEFORE_MERGE = frozenset({"pull_request", "pull_request_target", "merge_group", "workflow_call"})
_CHANGES = frozenset({"push"})


def _detect(project: Project) -> Iterator[Gap]:
    if project.other_ci or calls_remote_workflow(project):
        return
    testing = [item for item in ci_steps(project) if item.workflow.path not in project.owned and runs_tests(item)]
    if not testing or any(_runs_before_merge(item.workflow) for item in testing):
        return
    on_push = any(_CHANGES & set(item.workflow.events) for item in testing)
    yield RULE.gap(
        resource="ci",
        subject="pull-requests",
        message="The tests run on pushes to the shared branch only: a change that breaks them is merged first and found after."
        if on_push
        else "The tests run by hand or by the clock only: a change that breaks them is merged, and found later.",
        expected="pull_request among the events of the workflow that tests",
        actual=", ".join(dict.fromkeys(event for item in testing for event in item.workflow.events)),
        locations=tuple(
            dict.fromkeys(item.workflow.on_location or item.place for item in testing),
        ),
    )


def _runs_before_merge(workflow: Workflow) -> bool:
    """Whether a change is tested before its merge, as on a push of any branch; what GitHub rejects is another gap."""
    if nested_events(workflow.document) or trigger_faults(workflow.document) or _BEFORE_MERGE & set(workflow.events):
        return True
    pushes = [trigger for trigger in workflow.triggers if trigger.event == "push"]
    return any(
        not trigger.node or not any(find(trigger.node, key) for key in ("branches", "tags", "tags-ignore"))
        for trigger in pushes
    )


RULE = Rule(
    code="CIQ002",
    name="tests-never-run-on-pull-requests",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Add `pull_request:` to the events of the workflow that runs the tests."),),
)
