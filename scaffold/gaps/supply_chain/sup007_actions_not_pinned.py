"""SUP007: a workflow runs code of others at a branch or a tag, which they can move to other code."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

_COMMIT = regex(r"[0-9a-f]{40}")
_VERSION = regex(r"v?\d+(?:\.\d+)*(?:[-.+][\w.]+)?|release/v\d+(?:\.\d+)*|stable")
_FIRST_PARTY = ("actions/", "github/")


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        found = list(_unpinned(workflow))
        if found:
            yield _gap(workflow, found)


def _unpinned(workflow: Workflow) -> Iterator[tuple[str, Severity, Location]]:
    """Yield each action that is not pinned by its commit, once, with how bad that is."""
    seen: set[str] = set()
    for job in workflow.jobs:
        uses = [(job.uses, job.location), *((step.uses, step.uses_location or step.location) for step in job.steps)]
        for text, place in uses:
            severity = _severity(text)
            if severity is not None and text not in seen:
                seen.add(text)
                yield text, severity, place


def _severity(uses: str) -> Severity | None:
    if not uses or uses.startswith(("./", "docker://", "$/")) or "${{" in uses:
        return None
    name, _, ref = uses.partition("@")
    if _COMMIT.fullmatch(ref):
        return None
    if not _VERSION.fullmatch(ref):
        return Severity.MEDIUM
    return Severity.INFO if name.startswith(_FIRST_PARTY) else Severity.LOW


def _gap(workflow: Workflow, found: list[tuple[str, Severity, Location]]) -> Gap:
    worst = max(severity for _, severity, _ in found)
    listed = [(name, place) for name, severity, place in found if severity is worst]
    names = ", ".join(name for name, _ in listed)
    kind = "a branch" if worst is Severity.MEDIUM else "a tag"
    return RULE.gap(
        resource=workflow.path,
        subject="actions",
        message=f"The workflow runs {names} at {kind}: whoever can move it runs code with this workflow's rights.",
        expected="the commit of a release, with its version as a comment",
        actual=re.sub(r"^a ", "", kind),
        locations=tuple(place for _, place in listed),
        severity=worst,
    )


RULE = Rule(
    code="SUP007",
    name="actions-not-pinned",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.LOW,
    detect=_detect,
    closers=(Closer(None, "advice", "Pin the commit of a release with its version behind it, and let Dependabot move both."),),
    maps_to=("zizmor:unpinned-uses",),
    cause=Cause.PROJECT,
)
