"""CIQ027: the tests run on another version of the language than the image that production gets is made with."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.ci.test_programs import END_TO_END, PASSES_OVER, RUNS_THOSE_OF
from scaffold.gaps.ci.toolchains import NAMES, Shipped, Version, set_up_versions, shipped_versions
from scaffold.gaps.ci_signals import CiStep, ci_steps, runs_tests
from scaffold.gaps.facts import listed
from scaffold.gaps.remembered import remembered
from scaffold.gaps.test_commands import ran
from scaffold.model.document import find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import below, folders_above
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_WORKSPACES = frozenset({"pnpm-workspace.yaml", "turbo.json", "nx.json", "lerna.json"})
_CHOOSES = regex(r"\b(?:uv|tox|nox|hatch|pdm|poetry)\b", words=("uv", "tox", "nox", "hatch", "pdm", "poetry"))
"""Programs that take the version of Python from a file of their own."""
_VERSION_FILE = regex(r"(?:.*/)?(?:\.python-version|tox\.ini|noxfile\.py)")
_WORD = regex(r"[\w-]+")
_CD = regex(r"^\s*cd\s+(?P<path>[\w./-]+)\s*(?:&&|;|$)")


@frozen
class _Tests:
    """A job that runs the tests of a language: the folders that it does so in, and the versions that it sets up."""

    folders: tuple[str, ...]
    versions: tuple[Version, ...] | None
    text: str


@frozen
class _Tested:
    """The jobs that run the tests of a language, and where to find them by their numbers."""

    tests: tuple[_Tests, ...]
    folders: tuple[str, ...]
    by_folder: dict[str, frozenset[int]]
    by_word: dict[str, frozenset[int]]
    """By the words of what they run."""
    somewhere: frozenset[int]
    """Those of a folder that a variable names."""

    @classmethod
    def of(cls, tests: list[_Tests]) -> _Tested:
        """Return the jobs with their tables."""
        by_folder: dict[str, set[int]] = {}
        by_word: dict[str, set[int]] = {}
        for number, item in enumerate(tests):
            for folder in item.folders:
                by_folder.setdefault(folder, set()).add(number)
            for word in set(_WORD.findall(item.text)):
                by_word.setdefault(word, set()).add(number)
        return cls(
            tuple(tests),
            tuple(sorted(by_folder)),
            {folder: frozenset(numbers) for folder, numbers in by_folder.items()},
            {word: frozenset(numbers) for word, numbers in by_word.items()},
            frozenset(number for folder, numbers in by_folder.items() if "$" in folder for number in numbers),
        )


def _detect(project: Project) -> Iterator[Gap]:
    tested: dict[str, _Tested] = {}
    found: dict[tuple[str, str, tuple[str, ...]], list[tuple[Shipped, tuple[Version, ...]]]] = {}
    for shipped in shipped_versions(project):
        language = shipped.version.language
        if language not in tested:
            tested[language] = _Tested.of([] if _images_test(project, language) else _tests(project, language))
        versions = _of_the_same(project, tested[language], shipped)
        if versions and all(item.numbers != shipped.version.numbers for item in versions):
            texts = tuple(dict.fromkeys(item.text for item in sorted(versions, key=lambda item: item.numbers)))
            found.setdefault((language, shipped.version.text, texts), []).append((shipped, versions))
    for same in found.values():
        yield _gap([shipped for shipped, _ in same], same[0][1])


def _images_test(project: Project, language: str) -> bool:
    """Whether a step of a Dockerfile runs the tests of a language: those run on what the image is made with."""
    steps = (item.text for file in project.dockerfiles for stage in file.stages for item in stage.instructions)
    commands = (command.text for text in steps for command in ran(text))
    return any(RUNS_THOSE_OF[language].search(text) and not PASSES_OVER.search(text) for text in commands)


def _tests(project: Project, language: str) -> list[_Tests]:
    jobs: dict[tuple[str, str], list[CiStep]] = {}
    for item in ci_steps(project):
        jobs.setdefault((item.workflow.path, item.job.id), []).append(item)
    found = []
    for steps in jobs.values():
        testing = [item for item in steps if _runs_those_of(item, language)]
        if testing:
            text = "\n".join(item.text for item in testing)
            versions = None if _chosen_elsewhere(project, language, text) else set_up_versions(project, steps, language)
            found.append(_Tests(tuple(dict.fromkeys(map(_folder, testing))), versions, text))
    return found


def _runs_those_of(item: CiStep, language: str) -> bool:
    lines = [line for line in item.text.splitlines() if not END_TO_END.search(line) and not PASSES_OVER.search(line)]
    return runs_tests(item) and any(RUNS_THOSE_OF[language].search(line) for line in lines)


def _folder(item: CiStep) -> str:
    shared = text_of(find(item.job.node, "defaults", "run", "working-directory"))
    of_workflow = text_of(find(item.workflow.document.root, "defaults", "run", "working-directory"))
    moved = next((match["path"] for match in map(_CD.match, item.step.run.splitlines()) if match), "")
    path = posixpath.normpath(posixpath.join(item.step.working_directory or shared or of_workflow, moved) or ".")
    return "" if path == "." else path


def _chosen_elsewhere(project: Project, language: str, text: str) -> bool:
    """Whether a program that runs the tests brings a version of its own, whatever the job has set up."""
    return language == "python" and bool(_CHOOSES.search(text)) and any(map(_VERSION_FILE.fullmatch, project.files))


def _of_the_same(project: Project, tested: _Tested, shipped: Shipped) -> tuple[Version, ...]:
    """Return the versions that the code of an image is tested on, none where a job does not tell, or tests nothing of it."""
    near = {number for own in shipped.folders for number in _near(project, tested, own, shipped.version.language)}
    same = [tested.tests[number] for number in sorted(near)]
    if any(item.versions is None for item in same):
        return ()
    return tuple(version for item in same for version in item.versions or ())


def _near(project: Project, tested: _Tested, own: str, language: str) -> Iterator[int]:
    """Yield the jobs whose tests are of what a folder holds: they run in it, below it, or above it where it is a part of what
    they test; where a variable names the place, they may.
    """
    if not own:
        yield from range(len(tested.tests))
        return
    yield from tested.somewhere
    for folder in (own, *below(tested.folders, own)):
        yield from tested.by_folder.get(folder, ())
    is_part = (language, own) not in _manifests(project) or (language == "node" and _has_workspaces(project))
    name = own.rpartition("/")[2]
    named = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
    for folder in folders_above(own):
        above = tested.by_folder.get(folder, frozenset())
        for number in above if is_part else above & tested.by_word.get(_first_word(name), frozenset()):
            if is_part or named.search(tested.tests[number].text):
                yield number


def _first_word(text: str) -> str:
    match = _WORD.search(text)
    return match[0] if match else ""


@remembered
def _has_workspaces(project: Project) -> bool:
    """Whether a manifest of Node at the top stands for those of the folders below it."""
    return not _WORKSPACES.isdisjoint(project.files) or '"workspaces"' in (project.source("package.json") or "")


@remembered
def _manifests(project: Project) -> frozenset[tuple[str, str]]:
    return frozenset((item.ecosystem, item.folder) for item in project.manifests)


def _gap(shipped: list[Shipped], versions: tuple[Version, ...]) -> Gap:
    made, name = shipped[0].version, NAMES[shipped[0].version.language]
    files = listed(item.dockerfile for item in shipped)
    texts = listed(dict.fromkeys(item.text for item in sorted(versions, key=lambda item: item.numbers)))
    newer = all(item.numbers > made.numbers for item in versions)
    passes = (
        "what is new there passes the tests and fails in the image" if newer else "no test has seen what runs in production"
    )
    return RULE.gap(
        resource=shipped[0].dockerfile,
        subject=f"version/{made.language}",
        message=f"The tests run on {name} {texts}, and {files} is made with {name} {made.text}: {passes}.",
        expected=f"tests on {name} {made.text}, or an image with {texts}",
        actual=f"{texts} in the tests, {made.text} in the image",
        locations=tuple(dict.fromkeys(item.version.place for item in shipped)),
        related=tuple(dict.fromkeys(item.place for item in versions)),
    )


RULE = Rule(
    code="CIQ027",
    name="tests-on-another-version",
    layer=Layer.CI,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Name one version in the Dockerfile and in the setup step, and raise both in one change.",
        ),
    ),
)
