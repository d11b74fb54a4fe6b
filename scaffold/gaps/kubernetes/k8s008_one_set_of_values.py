"""K8S008: the chart has one set of values, and the project more than one environment."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.kubernetes.objects import declared_kinds
from scaffold.gaps.signals import foreign_infrastructure, resource_types
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_GITOPS = frozenset({"Application", "ApplicationSet", "HelmRelease", "Kustomization"})
_PUBLISHED = regex(r"\bhelm\s+(?:push|package|cm-push)\b|\bcr\s+(?:upload|index)\b|chart-releaser")
_GIVEN = regex(r"\bhelm(?:file)?\b[^\n]*(?:\s-f\s|--values|--set)|\bhelmfile\b|\bskaffold\b|\bhelm_release\b")
_SHARED = frozenset({EnvironmentClass.PRODUCTION, EnvironmentClass.STAGING})


def _detect(project: Project) -> Iterator[Gap]:
    charts = [
        item
        for item in foreign_infrastructure(project)
        if item.path.rpartition("/")[2] in {"Chart.yaml", "Chart.yml"} and not is_test_path(item.path)
    ]
    folders = [item.path.rpartition("/")[0] for item in charts]
    environments = _environments(project)
    if not charts or len(environments) < 2 or _decided_elsewhere(project):
        return
    for item, folder in zip(charts, folders, strict=True):
        values = [path for path in project.files if path.startswith(f"{folder}/") and "values" in path.rpartition("/")[2]]
        nested = any(folder != other and folder.startswith(f"{other}/") for other in folders)
        document = project.document(item.path)
        library = document is not None and "type: library" in document.text
        if not nested and not library and values == [f"{folder}/values.yaml"]:
            yield RULE.gap(
                resource=folder or ".",
                subject="values",
                message=f"The chart in {folder or 'the root'} has one set of values for {' and '.join(environments)}: what "
                "differs between them is kept in somebody's shell history.",
                expected="a file of values for each environment",
                actual="values.yaml alone",
                locations=(item.location,),
            )


def _decided_elsewhere(project: Project) -> bool:
    """Whether a GitOps tool, Terraform, a command or the users of a published chart give the values."""
    if not _GITOPS.isdisjoint(declared_kinds(project)) or "helm_release" in resource_types(project.infrastructure):
        return True
    if any("values" in path.rpartition("/")[2] and path.endswith((".yaml", ".yml")) for path in _other_values(project)):
        return True
    texts = [command.text for command in project.commands if command.context != "doc"]
    uses = [step.uses for workflow in project.workflows for job in workflow.jobs for step in job.all_steps]
    return any(_PUBLISHED.search(text) or _GIVEN.search(text) for text in (*texts, *uses))


def _other_values(project: Project) -> Iterator[str]:
    """Yield the files of values that lie beside no chart."""
    charts = {path.rpartition("/")[0] for path in project.files if path.endswith(("Chart.yaml", "Chart.yml"))}
    yield from (path for path in project.files if path.rpartition("/")[0] not in charts and not is_test_path(path))


def _environments(project: Project) -> tuple[str, ...]:
    """Return the shared environments that stacks, workflows and env files speak of."""
    found = {stack.environment.value for stack in project.stacks if stack.environment in _SHARED}
    found |= {file.environment for file in project.env_files}
    found |= {job.environment.lower() for workflow in project.workflows for job in workflow.jobs if "$" not in job.environment}
    names = {"prod": "production", "prd": "production", "stage": "staging"}
    return tuple(sorted({names.get(name, name) for name in found} & {"production", "staging"}))


RULE = Rule(
    code="K8S008",
    name="one-set-of-values",
    layer=Layer.KUBERNETES,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write values-staging.yaml and values-production.yaml with what differs, and name them in the deploy.",
        ),
    ),
)
