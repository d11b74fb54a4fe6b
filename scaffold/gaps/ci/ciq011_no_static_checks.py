"""CIQ011: the workflows test the code, and nothing lints it or checks its types."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow, ci_steps, foreign_workflows
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CHECKS = {
    "python": regex(r"\b(?:ruff|flake8|pylint|black|mypy|pyright|basedpyright|bandit|prospector|pyflakes|ty)\b"),
    "node": regex(r"\b(?:eslint|biome|oxlint|tslint|standard|xo|prettier|tsc|vue-tsc|svelte-check)\b"),
    "go": regex(r"\b(?:golangci-lint|go\s+vet|staticcheck|revive|gofmt|gofumpt)\b"),
    "ruby": regex(r"\b(?:rubocop|standardrb|brakeman|sorbet|reek|srb)\b"),
    "rust": regex(r"\bcargo\s+(?:clippy|fmt)\b"),
    "java": regex(r"\b(?:checkstyle|spotless\w*|spotbugs|pmd|ktlint|detekt|errorprone|sonar\w*)\b"),
    "php": regex(r"\b(?:phpstan|psalm|phpcs|php-cs-fixer|pint|larastan)\b"),
    "elixir": regex(r"\bmix\s+(?:credo|format|dialyzer)\b"),
    "dotnet": regex(r"\bdotnet\s+format\b|\bsonar"),
}
_ANY = regex(
    r"\b(?:lint\w*|[\w:-]*lint|typecheck|type-check|check-types|static|pre-commit|prek|super-linter|megalinter|codeql|sonar\w*|qodana"
    r"|codacy|trunk|code-?quality|lefthook|husky|make\s+(?:check|ci|verify|quality)|format(?::check)?|fmt|analy[sz]e)\b",
)


def _detect(project: Project) -> Iterator[Gap]:
    workflows = foreign_workflows(project)
    if not workflows or project.other_ci or calls_remote_workflow(project):
        return
    words = "\n".join(f"{item.step.name} {item.step.uses} {item.job.id} {item.text}" for item in ci_steps(project)).lower()
    if _ANY.search(words) or any(path.endswith(".pre-commit-config.yaml") for path in project.files):
        return
    found = sorted({item.ecosystem for item in project.manifests if item.ecosystem in _CHECKS})
    unchecked = [name for name in found if not _CHECKS[name].search(words)]
    if unchecked and unchecked == found:
        yield RULE.gap(
            resource="ci",
            subject="static-checks",
            message=f"No workflow lints or type-checks the code in {', '.join(unchecked)}: what a tool sees is left to people.",
            expected="a linter, and a type checker where the language has one, on pull requests",
            actual="no such step",
            locations=tuple(workflow.on_location or Location(workflow.path, 1) for workflow in workflows),
            confidence=Confidence.LOW,
        )


RULE = Rule(
    code="CIQ011",
    name="no-static-checks",
    layer=Layer.CI,
    severity=Severity.INFO,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Add a job: ruff and mypy, ESLint and tsc, golangci-lint, clippy, RuboCop ... whatever the team likes.",
        ),
    ),
)
