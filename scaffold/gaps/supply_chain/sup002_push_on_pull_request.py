"""SUP002: a workflow that runs on pull requests pushes an image, before anybody has reviewed what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location, pushes_image
from scaffold.model.document import Mapping, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Job, Project, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import has_plain_push, is_written_here

_GUARD = regex(
    r"github\.(?:event_name|ref|ref_name|ref_type|head_ref|event\b|base_ref)|startsWith\(|merged|inputs\.|needs\.|steps\.|vars\.|env\."
)


def _detect(project: Project) -> Iterator[Gap]:
    for item in ci_steps(project):
        if pushes_from_pull_requests(item):
            yield _gap(item)


def pushes_from_pull_requests(item: CiStep) -> bool:
    """Whether a step pushes an image on pull requests, too."""
    on_pull_requests = {"pull_request", "pull_request_target"} & set(item.workflow.events)
    return bool(on_pull_requests) and pushes_image(item) and not _is_guarded(item)


def _is_guarded(item: CiStep) -> bool:
    """Whether a condition on the step, its jobs or its `push` input may keep pull requests out."""
    conditions = [item.step.condition, *(job.condition for job in _chain(item.workflow, item.job))]
    return (
        any(_GUARD.search(text) for text in conditions)
        or "${{" in item.step.input("push")
        or bool(re.search(r"\bif\b.*\$", item.step.run))
    )


def _chain(workflow: Workflow, job: Job) -> tuple[Job, ...]:
    """Return the job and the jobs that it needs, directly or not."""
    found: list[Job] = []
    pending = [job]
    while pending:
        current = pending.pop()
        if current not in found:
            found.append(current)
            pending += [other for other in workflow.jobs if other.id in current.needs]
    return tuple(found)


def _gap(item: CiStep) -> Gap:
    return RULE.gap(
        resource=item.resource,
        subject="push",
        message=f"The job {item.job.id} pushes its image on pull requests too: unreviewed code overwrites its tags.",
        expected="a push on the main branch and on tags only",
        actual="a push on every event of the workflow",
        locations=(input_location(item, "push"),),
        related=tuple(trigger.location for trigger in item.workflow.triggers if trigger.event.startswith("pull_request")),
        closers=RULE.closers if _is_editable(item) else (Closer(None, "advice", _ADVICE),),
    )


def _is_editable(item: CiStep) -> bool:
    node = find(item.job.node, "steps", item.job.steps.index(item.step)) if item.step in item.job.steps else None
    return isinstance(node, Mapping) and is_written_here(node) and has_plain_push(item.step)


_ADVICE = "Give the step or its job a condition on the event, such as github.event_name != 'pull_request'."


RULE = Rule(
    code="SUP002",
    name="push-on-pull-request",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
