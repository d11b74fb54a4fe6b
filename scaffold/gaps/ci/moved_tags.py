"""Tags that people pull, and the refs that overwrite them besides those of a release."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.outgoing import jobs_before
from scaffold.gaps.supply_chain.pushed_names import EXPRESSION
from scaffold.model.document import Location, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Job, Step, Trigger, Workflow
from scaffold.model.regex import regex
from scaffold.model.workflow_steps import BUILD_ACTION

UNFINISHED = regex(
    r"(?i)(?:dev|develop|development|staging|stage|test|testing|qa|next|edge|unstable)(?:/.*)?|feat(?:ure)?s?/.*|\*\*?"
)
RELEASED = regex(r"(?i)main|master|prod|production|release|live|stable|trunk")
_TAG = r"(?P<tag>latest|stable|production|prod)(?=[\s\"',)]|$)"
_NAMED = regex(rf"(?P<repository>[^\s\"',=]{{1,300}}):{_TAG}", words=("latest", "stable", "prod"))
_RAW = regex(rf"^type=raw,value={_TAG}", words=("type=raw",))
_PUSHED = regex(rf"\b(?:docker|podman)\s+(?:image\s+)?push\s+[\"']?(?P<repository>[^\s\"',=]{{1,300}}):{_TAG}", words=("push",))
_ENABLED = regex(r",enable=(?!true\b)", words=(",enable=",))
_MAKES_A_LIST = regex(r"\bimagetools\s+create\b", words=("imagetools",))
_METADATA = "docker/metadata-action"
_ASKS_REF = regex(
    r"(?i)github\.(?:ref|base_ref|head_ref|event\.)|github_ref|\bneeds\.|\bsteps\.|inputs?\.|prerelease|is_default_branch|\bfalse\b"
)
"""What a condition asks for that may leave refs out."""
_ASKS_EVENT = regex(r"event_name\s*==", words=("event_name",))
_ANY_NAME = regex(r"[^!]*\*")


@frozen
class Moved:
    """A tag that a step overwrites, and what does so that nobody has released."""

    workflow: Workflow
    job: Job
    repository: str
    tag: str
    place: Location
    branches: tuple[str, ...]
    """Branches for unfinished work whose pushes do it."""
    by_hand: bool
    """Whether a run by hand does it, from any branch."""
    before_release: str
    """The pattern of tags, or the event, that a pre-release has as well."""


def moved_tags(workflow: Workflow) -> Iterator[Moved]:
    """Yield the tags that people pull and that a workflow overwrites from other refs than those of a release as well."""
    branches = tuple(_unfinished(workflow))
    several = len(set(workflow.events) - {"pull_request", "workflow_call"}) > 1
    for job in workflow.jobs:
        conditions = [item.condition for item in (job, *jobs_before(job, workflow))]
        if any(map(_ASKS_REF.search, conditions)) or any(step.input("ref") for step in job.steps):
            continue
        for step in job.steps:
            for repository, tag in _overwritten(job, step):
                by_hand = several and "workflow_dispatch" in workflow.events
                by_hand = by_hand and not any(map(_ASKS_EVENT.search, (*conditions, step.condition)))
                early = _before_release(workflow)
                if branches or by_hand or early:
                    place = step.uses_location or step.run_location or step.location
                    yield Moved(workflow, job, repository, tag, place, branches, by_hand, early)


def _unfinished(workflow: Workflow) -> Iterator[str]:
    """Yield the branches for unfinished work whose pushes start a workflow as those of the release branch do."""
    for trigger in workflow.triggers:
        if trigger.event == "push":
            names = [item.value for item in scalars_of(find(trigger.node, "branches"))]
            if any(RELEASED.fullmatch(name) for name in names) or "**" in names:
                yield from (name for name in names if UNFINISHED.fullmatch(name))


def _before_release(workflow: Workflow) -> str:
    """Return by which tags or event a pre-release starts a workflow, "" where none does."""
    for trigger in workflow.triggers:
        if trigger.event == "push":
            tags = [item.value for item in scalars_of(find(trigger.node, "tags"))]
            if not any(tag.startswith("!") for tag in tags):
                found = next((tag for tag in tags if _ANY_NAME.fullmatch(tag)), "")
                if found:
                    return found
        elif trigger.event == "release" and _is_for_every_release(trigger):
            return "release"
    return ""


def _is_for_every_release(trigger: Trigger) -> bool:
    types = {item.value for item in scalars_of(find(trigger.node, "types"))}
    return not types or not types.isdisjoint({"published", "created", "prereleased"})


def _joined(text: str) -> str:
    """Return a text with each expression written without spaces, and the lines that a backslash continues as one."""
    return EXPRESSION.sub(lambda match: "".join(match[0].split()), text.replace("\\\n", " "))


def _overwritten(job: Job, step: Step) -> Iterator[tuple[str, str]]:
    """Yield repository and tag of what a step pushes whatever the ref."""
    if _ASKS_REF.search(step.condition):
        return
    if step.action == BUILD_ACTION:
        pushed = step.input("push") or ("true" if "push=true" in step.input("outputs") else "false")
        if not _ASKS_REF.search(pushed):
            yield from _found(_NAMED, _joined(step.input("tags")))
            if "steps." in step.input("tags"):
                yield from _by_metadata(job, re.findall(r"steps\.([\w-]+)\.", step.input("tags")))
    elif step.run and not _ASKS_REF.search(step.run.replace("inputs.", "")):
        text = _joined(step.run)
        pushes = "--push" in text or bool(_MAKES_A_LIST.search(text))
        yield from _found(_PUSHED, text)
        if pushes:
            yield from _found(_NAMED, "\n".join(re.findall(r"(?:-t|--tag)[ =]+(\S+)", text)))
        if _MAKES_A_LIST.search(text) and "DOCKER_METADATA_OUTPUT" in text:
            yield from _by_metadata(job, [item.id for item in job.steps if item.action == _METADATA])


def _found(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    return ((match["repository"], match["tag"]) for match in pattern.finditer(text))


def _by_metadata(job: Job, ids: list[str]) -> Iterator[tuple[str, str]]:
    """Yield what docker/metadata-action gives whatever the ref: raw tags without a condition."""
    for step in job.steps:
        if step.action == _METADATA and step.id in ids:
            images = _joined(step.input("images")).split()
            for line in map(str.strip, step.input("tags").splitlines()):
                match = _RAW.match(line)
                if match and not _ENABLED.search(line):
                    yield (images[0] if images else "", match["tag"])
