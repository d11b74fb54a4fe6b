"""SUP003: nobody can tell the pushed image from one that somebody else pushed, because no step signs it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, pushes_image
from scaffold.gaps.signals import main_environment
from scaffold.gaps.supply_chain.images import building_steps, built_elsewhere, is_deliverable, own_images
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SIGNS = regex(
    r"\bcosign\s+(?:sign(?!-blob)|attest)\b|\bnotation\s+sign\b|\bgh\s+attestation\b|docker\s+trust\s+sign",
    words=("cosign", "notation", "attestation", "trust"),
)
_SIGNING_ACTIONS = (
    "actions/attest",
    "notaryproject/notation-action/sign",
    "Azure/notation-action",
    "docker/build-push-action/sign",
)


def signing_steps(project: Project) -> tuple[CiStep, ...]:
    """Return the steps that sign an image, or attest its provenance in its registry."""
    return tuple(
        item for item in ci_steps(project) if _SIGNS.search(item.text) or item.step.action.startswith(_SIGNING_ACTIONS)
    )


def _detect(project: Project) -> Iterator[Gap]:
    signing = signing_steps(project)
    # A step of theirs may sign what any job pushed; ours sign what their own job pushes.
    if built_elsewhere(project) or any(item.workflow.path not in project.owned for item in signing):
        return
    signed = {(item.workflow.path, item.job.id) for item in signing}
    pushing = [item for item in ci_steps(project) if pushes_image(item)]
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in pushing:
        jobs.setdefault((item.workflow.path, item.job.id), []).append(item)
    yield from (_gap(f"{path}/{job}", job, steps) for (path, job), steps in jobs.items() if (path, job) not in signed)
    images = tuple(own_images(project))
    if images and not pushing and not building_steps(project):
        yield RULE.gap(
            resource="supply-chain",
            subject="signature",
            message="No image is signed, because no workflow builds one: first it has to be built and pushed there.",
            expected="cosign sign by digest after the push",
            actual="no push and no signature in the workflows",
            locations=tuple(service.build.location for _, service in images if service.build),
            environment=main_environment(project),
            closers=(Closer(Room.WORKFLOWS, "files"),) if any(is_deliverable(project, *item) for item in images) else None,
            blocked_by=("SUP000",),
        )


def _gap(resource: str, job: str, steps: list[CiStep]) -> Gap:
    # Imported here: few projects push an image and sign none.
    from scaffold.gaps.supply_chain.sup002_push_on_pull_request import pushes_from_pull_requests
    from scaffold.model.workflow_steps import signable_steps

    # What a command pushes beside them has no digest that a step could sign.
    signable = len(signable_steps(steps[0].workflow, steps[0].job)) == len(steps)
    return RULE.gap(
        resource=resource,
        subject="signature",
        message=f"What {job} pushes is not signed, so a deployment cannot tell it from an image that somebody else pushed.",
        expected="cosign sign by digest after the push, with the job's own identity",
        actual="no signature and no attestation in the workflows",
        locations=tuple(dict.fromkeys(item.place for item in steps)),
        closers=(Closer(Room.EDITS, "edit"),) if signable else None,
        blocked_by=("SUP002",) if any(pushes_from_pull_requests(item) for item in steps) else (),
    )


RULE = Rule(
    code="SUP003",
    name="images-unsigned",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "After the push, sign the digest with cosign (keyless, id-token: write on that job only) and attest its SBOM.",
        ),
    ),
    maps_to=("CKV_GHA_5",),
    cause=Cause.PROJECT,
)
