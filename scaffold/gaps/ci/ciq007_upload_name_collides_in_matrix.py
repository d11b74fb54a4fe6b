"""CIQ007: every leg of a matrix uploads an artifact of the same name, which upload-artifact refuses since its version 4."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps, input_location
from scaffold.model.document import Mapping, Scalar, Sequence, find
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Room, Severity
from scaffold.model.project import Job, Project


def _detect(project: Project) -> Iterator[Gap]:
    for item in ci_steps(project):
        legs = _legs(item.job)
        if item.step.action == "actions/upload-artifact" and legs != 1 and _collides(item):
            yield _gap(item, legs)


def _legs(job: Job) -> int | None:
    """Return how many jobs the matrix makes, None when an expression or exclusions decide it."""
    matrix = find(job.node, "strategy", "matrix")
    if not isinstance(matrix, Mapping):
        return None if job.matrix else 1
    if set(matrix.keys()) & {"include", "exclude"} or "*" in job.matrix:
        return None
    legs = 1
    for entry in matrix.entries:
        if not isinstance(entry.value, Sequence):
            return None
        legs *= len(entry.value.items)
    return legs


def _collides(item: CiStep) -> bool:
    step = item.step
    version = re.fullmatch(r"v(\d+)(?:\..*)?", step.uses.partition("@")[2])
    if (version and int(version[1]) < 4) or step.input("overwrite").lower() == "true":
        return False
    varies = r"\$\{\{[^}]*\b(?:matrix|strategy|runner|steps|env|github\.job|inputs)\b"
    return not re.search(varies, step.input("name", "artifact")) and "matrix." not in step.condition


def _gap(item: CiStep, legs: int | None) -> Gap:
    name = item.step.input("name", "artifact")
    return RULE.gap(
        resource=item.resource,
        subject="upload/name",
        message=f"Every leg of the matrix of {item.job.id} uploads {name}: the second one fails with a conflict.",
        expected="a name with the values of the matrix in it",
        actual=f"{name} in {legs or 'all'} legs",
        locations=(input_location(item, "name"),),
        related=(item.job.location,),
        confidence=Confidence.HIGH if legs else Confidence.MEDIUM,
        closers=RULE.closers if _is_editable(item) else (Closer(None, "advice", _ADVICE),),
    )


def _is_editable(item: CiStep) -> bool:
    """Whether the name stands on one line at the step itself."""
    node = find(item.job.node, "steps", item.job.steps.index(item.step)) if item.step in item.job.steps else None
    name = find(node, "with", "name")
    return isinstance(node, Mapping) and not node.flow and isinstance(name, Scalar) and "\n" not in name.raw


_ADVICE = "Put every key of the matrix into the name, e.g. coverage-${{ matrix.os }}-${{ matrix.python-version }}."


RULE = Rule(
    code="CIQ007",
    name="upload-name-collides-in-matrix",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.EDITS, "edit"),),
)
