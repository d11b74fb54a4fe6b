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
_FROM_METADATA = regex(r"\$\{\{\s*steps\.(?P<id>[\w-]+)\.outputs\.tags\s*\}\}")
_KEPT_OUT = regex(
    r"enable=(?:false$|\$\{\{(?![^}]*\|\|)[^}]*(?:github\.ref\s*==|startsWith\(github\.ref,\s*'refs/(?:heads|tags)"
    r"|github\.event_name\s*(?:!=\s*'pull_request'|==\s*'(?!pull_request)))|\{\{\s*is_default_branch\s*\}\}$)"
)
"""An `enable=` in a line of docker/metadata-action that is false for a pull request."""
_NEVER_OVERWRITES = frozenset({"ref", "semver", "pep440", "match", "edge", "schedule", "sha"})
"""Types of tags that a pull request gets none of, or one of its own (`pr-12`, the commit)."""


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


def _has_tags_of_its_own(item: CiStep) -> bool:
    """Whether all tags come from docker/metadata-action, which gives a pull request `pr-N` and its commit alone."""
    match = _FROM_METADATA.fullmatch(item.step.input("tags").strip())
    # The ref of pull_request_target is the branch that it is for: its tag is the branch's.
    if match is None or "pull_request_target" in item.workflow.events:
        return False
    made = [step for step in item.job.steps if step.id == match["id"] and step.action == "docker/metadata-action"]
    return len(made) == 1 and all(map(_spares_tags, made[0].input("tags").splitlines()))


def _spares_tags(line: str) -> bool:
    fields = line.strip()
    kind = re.match(r"type=(\w+)", fields)
    return not fields or fields.startswith("#") or bool(kind and kind[1] in _NEVER_OVERWRITES) or bool(_KEPT_OUT.search(fields))


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
    own = _has_tags_of_its_own(item)
    effect = "unreviewed code lies in the registry, under tags of its own" if own else "unreviewed code overwrites its tags"
    return RULE.gap(
        resource=item.resource,
        subject="push",
        message=f"The job {item.job.id} pushes its image on pull requests too: {effect}.",
        severity=Severity.LOW if own else None,
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
