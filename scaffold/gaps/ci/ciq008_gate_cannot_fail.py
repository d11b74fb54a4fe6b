"""CIQ008: the only step that checks something, or one that deploys, is told to pass whatever happens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci.unnoticed import Unnoticed, is_judged_later, job_may_fail, loses_failure_in_pipe, unnoticed_deployments
from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TOOLS = regex(
    r"\b(?P<tool>pytest|vitest|jest|mypy|pyright|ruff|flake8|pylint|bandit|eslint|tsc|golangci-lint|rubocop|rspec|phpunit|phpstan"
    r"|hadolint|shellcheck|safety|pip-audit|semgrep|trivy|grype|checkov|npm\s+audit|(?:go|cargo|dotnet|flutter|deno|mix)\s+test"
    r"|manage\.py\s+test|-m\s+unittest|cargo\s+clippy|playwright\s+test|cypress\s+run|mvnw?\s[^\n|;&]*?\b(?:test|verify)"
    r"|gradlew?\s[^\n|;&]*?\b(?:test|check)|(?:npm|pnpm|yarn|bun)\s+(?:-[^\s;&|]+\s+(?:[^\s;&|-][^\s;&|]*\s+)?){0,3}?(?:run\s+)?(?:test|lint|type-?check)(?::[\w:-]+)?)(?![\w-])"
)
_AROUND_TESTS = regex(r":(?:tear-?down|clean(?:-?up)?|set-?up|reports?|install)$")
"""The ends of the names of scripts that run around tests: `test:teardown` tests nothing."""
_FORGIVES = regex(
    r"\|\|\s*(?:true\b|:(?=\s|$)|exit\s+0|echo\b)(?![^\n]*(?:\bexit\s+[1-9]|\bfalse\b|GITHUB_OUTPUT|GITHUB_ENV))"
    r"|--exit-zero\b|--exit-code[= ]0\b|--soft-fail\b|--no-fail\b|-Dmaven\.test\.failure\.ignore(?:=true)?(?=\s|$)"
)
_READ_LATER = regex(r"\$\(|`|\btee\s|(?<![0-9&])>>?\s*[\w./$]")
"""What a command says is kept: a later line of the step may judge it."""
_FAILS = regex(r"\bexit\s+(?:[1-9]|\$)")
_HEALTH = regex(r"\b(?:curl|wget)\b[^\n]*(?:localhost|127\.0\.0\.1)[^\n|]*(?:/\w*(?:health|ready|live|ping)|:\d{2,5})")
"""A request that asks what the job has started whether it answers."""
_HEALTH_ELSEWHERE = regex(
    r"\b(?:curl|wget)\b[^\n|]{0,300}https?://[^\s|\"']{1,300}/\w{0,40}(?:health|ready|live|ping)", words=("http",)
)
"""The same of what it has deployed."""
_HEALTH_CHECK = "The health check"
_LOOKS_ON = regex(r"\bfailure\(\)|\balways\(\)")
_ACTIONS = {"aquasecurity/trivy-action": "trivy", "anchore/scan-action": "grype", "bridgecrewio/checkov-action": "checkov"}
_CHECKING_ACTIONS = {
    "sonatype-nexus-community/nancy-github-action": "nancy",
    "golangci/golangci-lint-action": "golangci-lint",
    "hadolint/hadolint-action": "hadolint",
    "gitleaks/gitleaks-action": "gitleaks",
    "trufflesecurity/trufflehog": "trufflehog",
    "pre-commit/action": "pre-commit",
    "psf/black": "black",
    "astral-sh/ruff-action": "ruff",
    "github/super-linter": "super-linter",
    "super-linter/super-linter": "super-linter",
    "actions/dependency-review-action": "dependency-review",
    "golang/govulncheck-action": "govulncheck",
    "securego/gosec": "gosec",
    "returntocorp/semgrep-action": "semgrep",
    "semgrep/semgrep-action": "semgrep",
    "ludeeus/action-shellcheck": "shellcheck",
    "pypa/gh-action-pip-audit": "pip-audit",
}
"""Actions that fail on what they find, with the tool that each runs: only continue-on-error takes that away."""
_ADVISORY = regex(
    r"\b(?:advisory|non-?blocking|not?\s+block\w*|informational|informative|(?:report|warn(?:ing)?s?)[- ]only|best[- ]effort"
    r"|optional)\b"
)
_UPLOADS = regex(r"sarif|code-?climate|codecov", re.IGNORECASE)


def _detect(project: Project) -> Iterator[Gap]:
    lenient: dict[str, list[CiStep]] = {}
    strict: set[str] = set()
    for item in ci_steps(project):
        if item.workflow.path in project.owned:
            continue
        for tool, forgiven in _tools(item):
            if forgiven:
                lenient.setdefault(tool, []).append(item)
            else:
                strict.add(tool)
    for tool, items in sorted(lenient.items()):
        if tool not in strict:
            yield _gap(tool, items)
    yield from map(_deployment_gap, unnoticed_deployments(project))


def _deployment_gap(found: Unnoticed) -> Gap:
    return RULE.gap(
        resource=found.item.resource,
        subject="gate/deployment",
        kind="deployment",
        message=f"The job {found.item.job.id} {found.way}: one that fails is green, and people believe that the new release"
        " runs.",
        expected="a step that fails when the deployment does",
        actual="its result is thrown away",
        locations=(found.place,),
        severity=Severity.LOW if found.minor else Severity.MEDIUM,
    )


def _tools(item: CiStep) -> Iterator[tuple[str, bool]]:
    """Yield each tool of a step with whether its findings are forgiven."""
    ignored = (item.step.continue_on_error and not is_judged_later(item)) or job_may_fail(item.job)
    action = _ACTIONS.get(item.step.action)
    if action:
        yield action, ignored or _action_forgives(item, action)
    elif item.step.action in _CHECKING_ACTIONS:
        yield _CHECKING_ACTIONS[item.step.action], ignored
    for line in item.step.run.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith("#"):
            continue
        match = _TOOLS.search(line)
        if (
            match
            and not _AROUND_TESTS.search(match["tool"])
            and not re.search(r"\b(?:install|add|pip|apt-get|version|--version)\b", line[: match.start()] + line[match.end() :])
        ):
            yield _plain(match["tool"]), ignored or _forgives(item, line, match.start())
        asked = _HEALTH.search(line) or _asked_elsewhere(item, line)
        if asked and "$(" not in line[: asked.start()] and not _LOOKS_ON.search(item.step.condition):
            yield _HEALTH_CHECK, ignored or _forgives(item, line, asked.start())


def _asked_elsewhere(item: CiStep, line: str) -> re.Match[str] | None:
    """Return the request that asks a host for its health, where no later line of the step decides."""
    return None if known(_fails, item.step.run) else _HEALTH_ELSEWHERE.search(line)


def _fails(text: str) -> bool:
    """Whether a step ends itself as failed."""
    return bool(_FAILS.search(text))


def _plain(command: str) -> str:
    """Return program and subcommand without `run` and options between them: `mvn -B verify` is `mvn verify`."""
    words = command.split()
    return " ".join((words[0], words[-1])) if len(words) > 1 else words[0]


def _forgives(item: CiStep, line: str, start: int) -> bool:
    """Whether the command from there on may fail. One of which the step reads what it said is judged by that."""
    if _READ_LATER.search(line) and known(_fails, item.step.run):
        return False
    return bool(_FORGIVES.search(line[start:].partition(";")[0])) or loses_failure_in_pipe(item, line[start:])


def _action_forgives(item: CiStep, tool: str) -> bool:
    """Whether a scanning action is left at passing; one that uploads its findings is judged elsewhere."""
    if _UPLOADS.search(item.step.input("format")) or item.step.input("format").startswith(("spdx", "cyclonedx")):
        return False
    if tool == "trivy":
        return item.step.input("exit-code", "0") == "0"
    return item.step.input("soft_fail").lower() == "true" or item.step.input("fail-build").lower() == "false"


def _is_said(item: CiStep) -> bool:
    """Whether the step or its job tells who reads it that its findings stop nobody."""
    return bool(_ADVISORY.search(f"{item.step.name}\n{item.job.name}\n{item.job.id}".lower()))


def _gap(tool: str, items: list[CiStep]) -> Gap:
    return RULE.gap(
        resource=items[0].resource,
        subject="gate/health" if tool == _HEALTH_CHECK else f"gate/{tool}",
        message=f"{tool} runs, and whatever it finds the step passes: it checks nothing.",
        expected="a step that fails on what must not be merged",
        actual="its result is thrown away",
        called=tool,
        locations=tuple(dict.fromkeys(item.place for item in items)),
        severity=Severity.LOW if all(map(_is_said, items)) else Severity.MEDIUM,
    )


RULE = Rule(
    code="CIQ008",
    name="gate-cannot-fail",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let the step fail on what must not be merged, and limit what it looks for instead of ignoring what it finds.",
        ),
    ),
    cause=Cause.PROJECT,
)
