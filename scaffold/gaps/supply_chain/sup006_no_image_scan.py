"""SUP006: an image is pushed that nothing looks through for known vulnerabilities."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, builds_image, ci_steps, pushes_image
from scaffold.gaps.supply_chain.images import built_elsewhere, pushing_builds
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_IMAGE = regex(
    r"\btrivy\s+(?:image|i)\b|\bgrype\b|\bdocker\s+scout\b|\bsnyk\s+container\b|\bclair|\bxray\b|\bsysdig-cli|\bwizcli\s+docker"
)
_IMAGE_ACTIONS = (
    *("anchore/scan-action", "docker/scout-action", "snyk/actions/docker", "azure/container-scan", "Azure/container-scan"),
    *("lacework/", "sysdiglabs/", "crazy-max/ghaction-container-scan"),
)
_FILES = regex(r"\btrivy\s+(?:fs|filesystem|repo|rootfs)\b|\bosv-scanner\b|\bsnyk\s+test\b")
_REGISTRY = regex(r"scan_on_push\s*=\s*true|ScanOnPush:\s*true|aws_inspector2_enabler|scan_frequency")


def _detect(project: Project) -> Iterator[Gap]:
    theirs = [item for item in ci_steps(project) if item.workflow.path not in project.owned]
    pushing = [item for item in pushing_builds(project) if item.workflow.path not in project.owned] or _pushed_later(theirs)
    if not pushing or built_elsewhere(project) or any(_scans_image(item) for item in theirs) or _in_registry(project):
        return
    files = [item for item in theirs if _scans_files(item)]
    yield RULE.gap(
        resource="supply-chain",
        subject="image-scan",
        message="The pushed image is not scanned: what its base image brings along is in no lock file of yours."
        if files
        else "Nothing scans the pushed image for known vulnerabilities.",
        expected="a scan of the image that fails on critical findings with a fix",
        actual="a scan of the source files only" if files else "no scan in the workflows",
        locations=tuple(dict.fromkeys(item.place for item in pushing)),
        related=tuple(dict.fromkeys(item.place for item in files)),
        severity=Severity.LOW if files else Severity.MEDIUM,
    )


def _pushed_later(steps: list[CiStep]) -> list[CiStep]:
    """Return the steps that push an image which an earlier step of the same job has built."""
    building = {(item.workflow.path, item.job.id) for item in steps if builds_image(item)}
    return [item for item in steps if pushes_image(item) and (item.workflow.path, item.job.id) in building]


def _scans_image(item: CiStep) -> bool:
    if item.step.action == "aquasecurity/trivy-action":
        return item.step.input("scan-type", "image") == "image"
    return bool(_IMAGE.search(item.text)) or item.step.action.startswith(_IMAGE_ACTIONS)


def _scans_files(item: CiStep) -> bool:
    return item.step.action == "aquasecurity/trivy-action" or bool(_FILES.search(item.text))


def _in_registry(project: Project) -> bool:
    """Whether infrastructure code of the user's has the registry scan what is pushed."""
    theirs = (item.path for item in project.infrastructure if item.path not in project.owned)
    return any(_REGISTRY.search(project.source(path) or "") for path in theirs)


RULE = Rule(
    code="SUP006",
    name="no-image-scan",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Scan the image by its digest before it is signed (anchore/scan-action or trivy), with exit code and only-fixed.",
        ),
    ),
)
