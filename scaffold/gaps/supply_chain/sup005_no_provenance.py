"""SUP005: an image is pushed without a statement of how it was built."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.gaps.supply_chain.images import built_elsewhere, by_job, can_be_attested, pushing_builds
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ATTESTS = regex(
    r"--provenance(?:=|\s+)(?!false)|--attest[= ]\S*provenance|\bcosign\s+attest\b[^\n]*slsaprovenance|\bslsa-",
    words=("provenance", "slsa-"),
)
_ACTIONS = ("actions/attest", "slsa-framework/", "docker/github-builder")


def _detect(project: Project) -> Iterator[Gap]:
    theirs = [item for item in ci_steps(project) if item.workflow.path not in project.owned]
    if built_elsewhere(project) or any(_attests(item) for item in theirs):
        return
    for resource, steps in by_job(pushing_builds(project)):
        if not any(item.step.input("provenance") and item.step.input("provenance").lower() != "false" for item in steps):
            yield _gap(resource, steps)


def _attests(item: CiStep) -> bool:
    return bool(_ATTESTS.search(item.text)) or item.step.action.startswith(_ACTIONS)


def _gap(resource: str, steps: list[CiStep]) -> Gap:
    switched_off = any(item.step.input("provenance").lower() == "false" for item in steps)
    return RULE.gap(
        resource=resource,
        subject="provenance",
        message="The pushed image does not say which commit and which steps it was built from.",
        expected="provenance: mode=max",
        actual="provenance: false" if switched_off else "what buildx adds by itself: SLSA build level 1, without the steps",
        locations=tuple(dict.fromkeys(item.place for item in steps)),
        closers=RULE.closers if can_be_attested(steps) else (Closer(None, "advice", _ADVICE),),
    )


_ADVICE = "Give the build `provenance: mode=max` (docker/build-push-action), or attest the pushed digest with actions/attest."

RULE = Rule(
    code="SUP005",
    name="no-provenance",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    cause=Cause.PROJECT,
)
