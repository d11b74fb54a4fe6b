"""SUP018: a job takes every secret of the repository at once, and runs code of others after it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Job, Project, Step, Workflow
from scaffold.model.regex import regex

_ALL = regex(r"(?i)\$\{\{[^}]*\btojson\(\s*secrets\s*\)")
_INSTALLS = regex(
    r"\b(?:npm\s+(?:ci|i|install)|yarn(?:\s+install|\s*$|\s+--)|pnpm\s+(?:i|install)|bun\s+install|pip3?\s+install|uv\s+(?:sync|pip)|poetry\s+install"
    r"|composer\s+(?:install|update)|bundle\s+install|cargo\s+(?:build|install)|go\s+(?:build|install)|gradlew?|mvnw?)\b"
)


def _detect(project: Project) -> Iterator[Gap]:
    for workflow in foreign_workflows(project):
        found = [(job, step) for job in workflow.jobs for step in job.steps if _takes_all(step)]
        if found:
            yield _gap(workflow, found)


def _takes_all(step: Step) -> bool:
    return any(_ALL.search(text) for text in (step.run, *(value for _, value in (*step.inputs, *step.env))))


def _gap(workflow: Workflow, found: list[tuple[Job, Step]]) -> Gap:
    installs = [later for job, step in found for later in job.steps[job.steps.index(step) + 1 :] if _INSTALLS.search(later.run)]
    tail = ", and the packages that it installs afterwards run in the same job" if installs else ""
    return RULE.gap(
        resource=workflow.path,
        subject="secrets",
        message=f"{listed(dict.fromkeys(job.id for job, _ in found))} hands every secret of the repository to one step"
        f" (toJson(secrets)){tail}: one bad version of anything there reads all of them.",
        expected="the secrets that a step needs, by name, at that step",
        actual="all secrets",
        locations=tuple(dict.fromkeys(step.uses_location or step.run_location or step.location for _, step in found)),
        related=tuple(dict.fromkeys(step.run_location or step.location for step in installs)),
        severity=Severity.MEDIUM if installs else Severity.LOW,
    )


RULE = Rule(
    code="SUP018",
    name="every-secret-handed-over",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Name each secret at the step that needs it, and keep public values in variables (`vars`) instead."
        ),
    ),
    maps_to=("zizmor:overprovisioned-secrets",),
    cause=Cause.PROJECT,
)
