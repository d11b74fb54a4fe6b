"""CIQ004: the repository has a test suite that no workflow runs."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.go_packages import LeftOut, left_out_packages
from scaffold.gaps.ci.test_programs import END_TO_END, PASSES_OVER, RUNS_THOSE_OF
from scaffold.gaps.ci_signals import builds_image, calls_remote_workflow, ci_steps, foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.gaps.test_commands import ran
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
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
    "node": regex(r"(?:.*/)?(?:__tests__/[^/]+|[^/]+\.(?:test|spec))\.[cm]?[jt]sx?"),
}
_RUNS = regex(
    r"\b(?:pytest|py\.test|tox|nox|unittest|trial|ward|behave|vitest|jest|mocha|ava|karma|ginkgo|gotestsum|rspec|phpunit|pest"
    r"|ctest|mvnw?|gradlew?|nextest|turbo|nx|lerna|tests?|specs?|check|verify|ci|coverage)\b"
)
_HIDES = regex(
    r"\b(?:earthly|dagger|bazel|bazelisk|nix|skaffold|tilt|devenv|garden|vagrant)\b"
    r"|\b(?:docker|podman)(?:-|\s+)compose\b[^\n]{0,300}\b(?:run|exec|up|build)\b|\b(?:docker|podman)\s+(?:run|exec)\b"
    r"|\b(?:docker|podman)\s+(?:buildx\s+|image\s+)?build\b|\b(?:make|just|task|invoke|inv|rake|mage)\s+\S|\.(?:sh|ps1|bash|py|m?js)\b|\b(?:scripts?|bin|tools?)/|(?:^|[;&|])\s*\./\w"
)
"""What runs something that is not followed far enough: a container, a target, a script."""
_INSTALLS = regex(
    r"\b(?:pip3?|uv|poetry|npm|apt(?:-get)?|brew)\b(?!\s+run(?:-script)?\b)[^\n]*(?<![\w:.-])(?:install|add|ci|sync)(?![\w:.-])"
)
"""`npm ci`, and not the script of a package that is called `test:ci`."""
_OF_TESTS = regex(r"(?i)test|spec|check|verif|valid|quality|\bci\b|\ball\b")
_OTHERS = regex(r"(?:^|/)(?:e2e|playwright|cypress|node_modules|vendor|fixtures|examples?|templates?|android|ios)(?:/|$)")
"""Folders of other tests and of other people's code."""
_FOLDERS_OF_TESTS = frozenset({"test", "tests", "spec"})
_FEWEST = 3
"""Test files of a language that make a suite, where the tests of another one run."""
_MANY = 10


@frozen
class _Suite:
    """The tests of one language: the folders with their number, and where they are."""

    ecosystem: str
    folders: tuple[str, ...]
    files: int
    places: tuple[Location, ...]


def _detect(project: Project) -> Iterator[Gap]:
    if not foreign_workflows(project) or project.other_ci or calls_remote_workflow(project):
        return
    commands = (command.text for item in ci_steps(project) for command in ran(item.text))
    lines = [line for line in commands if not _INSTALLS.search(line)]
    words = " ".join((*lines, *(item.step.action for item in ci_steps(project))))
    ecosystems = sorted({manifest.ecosystem for manifest in project.manifests})
    if _RUNS.search(words):
        yield from _left_out(project, ecosystems, [*lines, *_told_to_actions(project)])
        return
    for ecosystem in ecosystems:
        tests = () if _run_by_images(project, ecosystem) else _tests(project, ecosystem)
        if tests:
            yield _gap(project, ecosystem, tests)


def _left_out(project: Project, ecosystems: list[str], lines: list[str]) -> Iterator[Gap]:
    """Yield the languages whose tests no line runs, where the workflows run others, and nothing may hide that they do."""
    # Actions and workflows of the project are followed one level.
    if any(item.step.uses.startswith("./") and not item.is_own for item in ci_steps(project)):
        return
    if any(_HIDES.search(line) and _OF_TESTS.search(line) for line in lines):
        return
    if "go" in ecosystems:
        yield from _packages(project)
    for ecosystem in ecosystems:
        pattern = RUNS_THOSE_OF.get(ecosystem)
        if pattern is None or any(pattern.search(line) and not PASSES_OVER.search(line) for line in lines):
            continue
        suite = None if _run_by_images(project, ecosystem) else _suite(project, ecosystem)
        if suite is not None and suite.files >= _FEWEST:
            yield _left_out_gap(project, suite)


def _packages(project: Project) -> Iterator[Gap]:
    """Yield the packages of Go that steps leave out which name those that they test."""
    files = [path for path in project.files if _TEST_FILES["go"].fullmatch(path) and not _OTHERS.search(path)]
    left = left_out_packages(project, files) if files and not _run_by_images(project, "go") else None
    if left is not None and len(left.files) >= _FEWEST:
        yield _packages_gap(left)


def _told_to_actions(project: Project) -> Iterator[str]:
    """Yield the actions with what they are told, as a line each: some take the commands that they run."""
    for item in ci_steps(project):
        if item.step.uses:
            for _, value in (("", item.step.action), *item.step.inputs):
                yield from value.splitlines()


def _run_by_images(project: Project, ecosystem: str) -> bool:
    """Whether a step of a Dockerfile runs the tests of a language, and a workflow builds images."""
    pattern = RUNS_THOSE_OF.get(ecosystem)
    steps = (item.text for file in project.dockerfiles for stage in file.stages for item in stage.instructions)
    commands = (command.text for text in steps for command in ran(text))
    runs = pattern is not None and any(pattern.search(text) and not PASSES_OVER.search(text) for text in commands)
    return runs and any(map(builds_image, ci_steps(project)))


def _suite(project: Project, ecosystem: str) -> _Suite | None:
    """Return the tests of a language; of Node those of the packages with a script for them."""
    pattern = _TEST_FILES[ecosystem]
    files = [path for path in project.files if pattern.fullmatch(path) and not _OTHERS.search(path)]
    if ecosystem != "node":
        folders = _tops(files)
        return _Suite(ecosystem, folders, len(files), (Location(files[0], 1),)) if files else None
    owners = [item for item in project.manifests if any(_test_script(project, item)) and not _is_end_to_end(item)]
    owned = frozenset(item.folder for item in owners)
    folders_of = {path: _owning(path, owned) for path in files}
    tested = {folder for folder in folders_of.values() if folder is not None}
    places = tuple(place for item in owners if item.folder in tested for place in _test_script(project, item))
    count = sum(folder is not None for folder in folders_of.values())
    return _Suite(ecosystem, tuple(sorted(folder or "the root" for folder in tested)), count, places) if tested else None


def _owning(path: str, folders: frozenset[str]) -> str | None:
    """Return the deepest of the folders that holds a path, or None."""
    folder = path.rpartition("/")[0]
    while folder and folder not in folders:
        folder = folder.rpartition("/")[0]
    return folder if folder in folders else None


def _is_end_to_end(manifest: Manifest) -> bool:
    return bool(END_TO_END.search(dict(manifest.scripts).get("test", "")))


def _tops(files: list[str]) -> tuple[str, ...]:
    """Return the first folders of paths."""
    return tuple(sorted({path.partition("/")[0] if "/" in path else "the root" for path in files}))


def _tests(project: Project, ecosystem: str) -> tuple[Location, ...]:
    """Return where the tests of an ecosystem are: the test script of a package, or the first test file."""
    if ecosystem == "node":
        return tuple(place for manifest in project.manifests for place in _test_script(project, manifest))
    pattern = _TEST_FILES.get(ecosystem)
    found = (path for path in project.files if pattern and pattern.fullmatch(path))
    first = min(found, key=lambda path: _FOLDERS_OF_TESTS.isdisjoint(path.split("/")), default=None)
    return (Location(first, 1),) if first else ()


def _test_script(project: Project, manifest: Manifest) -> Iterator[Location]:
    command = dict(manifest.scripts).get("test", "") if manifest.ecosystem == "node" else ""
    if command and "no test specified" not in command:
        places = (c.location for c in project.commands if c.owner == "test" and c.location.path == manifest.path)
        yield next(places, Location(manifest.path, 1))


def _left_out_gap(project: Project, suite: _Suite) -> Gap:
    workflows = foreign_workflows(project)
    return RULE.gap(
        resource="ci",
        subject=f"tests/{suite.ecosystem}",
        message=f"No workflow runs the {suite.ecosystem} tests ({suite.files} files in {listed(suite.folders)}), so a change"
        " that breaks them is merged unseen.",
        expected="a step that runs the tests on pull requests",
        actual="no such step",
        locations=suite.places,
        searched=tuple(workflow.on_location or Location(workflow.path, 1) for workflow in workflows),
        severity=Severity.MEDIUM if suite.files >= _MANY else Severity.LOW,
        confidence=Confidence.MEDIUM,
    )


def _packages_gap(left: LeftOut) -> Gap:
    return RULE.gap(
        resource="ci",
        subject="tests/go/packages",
        message=f"The workflows name the packages of Go that they test ({listed(left.named)}), and {len(left.files)} files with"
        f" tests are in others ({listed(left.packages)}): no step runs them, so a change that breaks them is merged unseen.",
        expected="go test ./..., in a job of their own those that need a database",
        actual="a list of packages that leaves others out",
        locations=left.places,
        related=tuple(Location(path, 1) for path in left.files[:_FEWEST]),
        severity=Severity.MEDIUM if len(left.files) >= _MANY else Severity.LOW,
        confidence=Confidence.MEDIUM,
    )


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
