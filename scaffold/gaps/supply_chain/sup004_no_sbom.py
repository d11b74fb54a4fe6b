"""SUP004: an image is pushed, and nothing lists what is in it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.gaps.supply_chain.images import built_elsewhere, by_job, can_be_attested, pushing_builds
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_LISTS = regex(
    r"\bsyft\b|\bcyclonedx|\btrivy\b[^\n]*(?:--format[= ](?:spdx|cyclonedx)|\bsbom\b)|--sbom\b"
    r"|--attest[= ]\S*sbom|\bdocker\s+sbom\b|\bko\s+build\b",
    words=("syft", "cyclonedx", "trivy", "sbom", "ko"),
)
_ACTIONS = ("anchore/sbom-action", "actions/attest-sbom", "CycloneDX/", "advanced-security/spdx-", "microsoft/sbom-")


def _detect(project: Project) -> Iterator[Gap]:
    if built_elsewhere(project) or any(_lists(item) for item in ci_steps(project) if item.workflow.path not in project.owned):
        return
    for resource, steps in by_job(pushing_builds(project)):
        if not any(item.step.input("sbom", "false").lower() not in {"", "false"} for item in steps):
            yield _gap(resource, steps)


def _lists(item: CiStep) -> bool:
    asked = item.step.input("format").lower()
    return bool(_LISTS.search(item.text)) or item.step.action.startswith(_ACTIONS) or asked.startswith(("spdx", "cyclonedx"))


def _gap(resource: str, steps: list[CiStep]) -> Gap:
    return RULE.gap(
        resource=resource,
        subject="sbom",
        message="Nothing lists what is in the pushed image, so nobody can tell which images a new vulnerability is in.",
        expected="an SBOM in the registry beside the image",
        actual="no SBOM in the workflows",
        locations=tuple(dict.fromkeys(item.place for item in steps)),
        closers=RULE.closers if can_be_attested(steps) else (Closer(None, "advice", _ADVICE),),
    )


_ADVICE = "Give the build `sbom: true` (docker/build-push-action), or list the pushed image with syft and attest the list."

RULE = Rule(
    code="SUP004",
    name="no-sbom",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
    cause=Cause.PROJECT,
)
