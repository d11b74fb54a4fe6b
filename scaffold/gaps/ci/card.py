"""The card of the layer CI: which workflows check a change, and whether GitHub can run them."""

from __future__ import annotations

import re

from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.gaps.remembered import remembered
from scaffold.gaps.test_commands import ran
from scaffold.model.document import Location
from scaffold.model.gap import LayerCard, Praise
from scaffold.model.names import Layer, LayerState
from scaffold.model.project import Project, Workflow
from scaffold.model.regex import regex

_CHECKS = regex(
    r"\b(?:pytest|tox|nox|unittest|vitest|jest|mocha|rspec|phpunit|go\s+test|cargo\s+test|mvn|gradle|ruff|flake8|black|mypy|eslint|tsc"
    r"|golangci-lint|rubocop|clippy|(?:npm|pnpm|yarn|bun)\s+(?:run\s+)?(?:test|lint)|make\s+(?:\S+\s+)*(?:test|lint|check)|mix\s+test"
    r"|dotnet\s+test|pre-commit)\b"
)
_PRAISES = (
    (regex(r"\bpytest\b|\bvitest\b|\bjest\b|\bgo test\b|\brspec\b|\bcargo test\b"), "The tests run on every change."),
    (regex(r"\bruff\b|\bflake8\b|\beslint\b|\bgolangci-lint\b|\brubocop\b|\bclippy\b"), "A linter runs on every change."),
    (regex(r"\bmypy\b|\bpyright\b|\btsc\b"), "Types are checked on every change."),
    (regex(r"--cov-fail-under|fail_under|coverageThreshold"), "The coverage may not fall below a limit."),
)
_PROPOSED = frozenset({"pull_request", "pull_request_target", "merge_group", "workflow_call"})
"""Events of a change that is not merged yet."""


def card(project: Project) -> LayerCard:
    """Return inert where every workflow that checks a change is one that GitHub rejects or that cannot pass."""
    checking = [item for item in ci_steps(project) if _CHECKS.search(item.text) and _on_changes(item.workflow)]
    sound = [item for item in checking if _is_sound(project, item)]
    if sound or project.other_ci:
        state = LayerState.PRESENT
    elif checking:
        state = LayerState.INERT
    else:
        state = LayerState.PARTIAL if project.workflows else LayerState.ABSENT
    evidence = [workflow.on_location or Location(workflow.path, 1) for workflow in project.workflows]
    evidence += [Location(path, 1) for path in project.other_ci]
    return LayerCard(Layer.CI, state, tuple(evidence), tuple(_good(sound)))


def _on_changes(workflow: Workflow) -> bool:
    return bool({"push", "pull_request", "pull_request_target", "merge_group", "workflow_call"} & set(workflow.events))


def _is_sound(project: Project, item: CiStep) -> bool:
    """Whether GitHub accepts the workflow, and the step does not call for a package that is not there."""
    from scaffold.model.workflow_triggers import nested_events, trigger_faults

    if nested_events(item.workflow.document) or trigger_faults(item.workflow.document):
        return False
    calls_node = re.search(r"\b(?:npm|pnpm|yarn|bun)\b", item.text)
    return not calls_node or _has_node(project)


@remembered
def _has_node(project: Project) -> bool:
    return any(manifest.ecosystem == "node" for manifest in project.manifests)


def _good(sound: list[CiStep]) -> list[Praise]:
    praises = []
    for pattern, message in _PRAISES:
        found = [item for item in sound if not item.step.continue_on_error and _counts(pattern, item)]
        proposed = [item for item in found if _PROPOSED & set(item.workflow.events)]
        if found:
            told = message if proposed else message.replace("on every change", "on every push")
            praises.append(Praise(told, (proposed or found)[0].place))
    return praises


def _counts(pattern: re.Pattern[str], item: CiStep) -> bool:
    """Whether a step really runs what the pattern names, and fails with it."""
    return any(pattern.search(command.text) and not command.is_forgiven for command in ran(item.text))
