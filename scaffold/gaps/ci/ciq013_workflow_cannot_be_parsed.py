"""CIQ013: a workflow is not YAML that GitHub can read, so nothing of it runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import Problem
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_WORKFLOW = regex(r"\.github/workflows/[^/]+\.ya?ml")


def _detect(project: Project) -> Iterator[Gap]:
    broken: dict[str, Problem] = {}
    for problem in project.problems:
        path = problem.location.path
        if _WORKFLOW.fullmatch(path) and path not in project.owned:
            broken.setdefault(path, problem)
    for path, problem in broken.items():
        yield RULE.gap(
            resource=path,
            subject="syntax",
            message="GitHub cannot read the workflow, so nothing of it runs, and no run says so.",
            expected="YAML with the keys on and jobs",
            actual=problem.message,
            locations=(problem.location,),
        )


RULE = Rule(
    code="CIQ013",
    name="workflow-cannot-be-parsed",
    layer=Layer.CI,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Mend the line; `actionlint` shows what GitHub would say of the whole file."),),
    maps_to=("actionlint:syntax-check",),
)
