"""CIQ004: the repository has a test suite that no workflow runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.ci_signals import calls_remote_workflow, ci_steps, foreign_workflows
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Confidence, Layer, Severity
from scaffold.model.project import Manifest, Project
from scaffold.model.regex import regex

_TEST_FILES = {
    "python": regex(r"(?:.*/)?(?:test_[^/]+|[^/]+_test)\.py"),
    "go": regex(r".*_test\.go"),
    "ruby": regex(r"(?:.*/)?(?:spec/.+_spec|test/.+_test)\.rb"),
    "java": regex(r"(?:.*/)?src/test/.+\.(?:java|kt)"),
    "php": regex(r"(?:.*/)?tests?/.+Test\.php"),
    "elixir": regex(r"(?:.*/)?test/.+_test\.exs"),
    "rust": regex(r"(?:.*/)?tests/.+\.rs"),
    "dotnet": regex(r"(?:.*/)?[^/]*Tests?/.+\.(?:cs|fs)"),
}
_RUNS = regex(
    r"\b(?:pytest|py\.test|tox|nox|unittest|trial|ward|behave|vitest|jest|mocha|ava|karma|ginkgo|gotestsum|rspec|phpunit|pest"
    r"|ctest|mvnw?|gradlew?|nextest|turbo|nx|lerna|tests?|specs?|check|verify|ci|coverage)\b"
)


def _detect(project: Project) -> Iterator[Gap]:
    if not foreign_workflows(project) or project.other_ci or calls_remote_workflow(project):
        return
    lines = [line for item in ci_steps(project) for line in item.text.splitlines() if not _installs(line)]
    words = " ".join((*lines, *(item.step.action for item in ci_steps(project))))
    if _RUNS.search(words):
        return
    for ecosystem in sorted({manifest.ecosystem for manifest in project.manifests}):
        tests = _tests(project, ecosystem)
        if tests:
            yield _gap(project, ecosystem, tests)


def _installs(line: str) -> bool:
    return (
        bool(re.search(r"\b(?:pip3?|uv|poetry|npm|apt(?:-get)?|brew)\b.*\b(?:install|add|ci|sync)\b", line))
        and "&&" not in line
    )


def _tests(project: Project, ecosystem: str) -> tuple[Location, ...]:
    """Return where the tests of an ecosystem are: the test script of a package, or the first test file."""
    if ecosystem == "node":
        return tuple(place for manifest in project.manifests for place in _test_script(project, manifest))
    pattern = _TEST_FILES.get(ecosystem)
    found = next((path for path in project.files if pattern and pattern.fullmatch(path)), None)
    return (Location(found, 1),) if found else ()


def _test_script(project: Project, manifest: Manifest) -> Iterator[Location]:
    command = dict(manifest.scripts).get("test", "") if manifest.ecosystem == "node" else ""
    if command and "no test specified" not in command:
        places = (c.location for c in project.commands if c.owner == "test" and c.location.path == manifest.path)
        yield next(places, Location(manifest.path, 1))


def _gap(project: Project, ecosystem: str, tests: tuple[Location, ...]) -> Gap:
    workflows = foreign_workflows(project)
    return RULE.gap(
        resource="ci",
        subject=f"tests/{ecosystem}",
        message=f"No workflow runs the {ecosystem} tests, so a change that breaks them is merged unseen.",
        expected="a step that runs the tests on pull requests",
        actual="no such step",
        locations=tests,
        searched=tuple(workflow.on_location or Location(workflow.path, 1) for workflow in workflows),
        confidence=Confidence.MEDIUM,
    )


RULE = Rule(
    code="CIQ004",
    name="test-suite-not-run",
    layer=Layer.CI,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Add a job to the workflow of pull requests that installs the package and runs its tests."),
    ),
)
