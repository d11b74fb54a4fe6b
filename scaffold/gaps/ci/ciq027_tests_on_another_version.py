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
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_WORKSPACES = frozenset({"pnpm-workspace.yaml", "turbo.json", "nx.json", "lerna.json"})
_CHOOSES = regex(r"\b(?:uv|tox|nox|hatch|pdm|poetry)\b", words=("uv", "tox", "nox", "hatch", "pdm", "poetry"))
"""Programs that take the version of Python from a file of their own."""
_VERSION_FILE = regex(r"(?:.*/)?(?:\.python-version|tox\.ini|noxfile\.py)")
_CD = regex(r"^\s*cd\s+(?P<path>[\w./-]+)\s*(?:&&|;|$)")


@frozen
class _Tests:
    """A job that runs the tests of a language: the folders that it does so in, and the versions that it sets up."""

    folders: tuple[str, ...]
    versions: tuple[Version, ...] | None
    text: str


def _detect(project: Project) -> Iterator[Gap]:
    tested: dict[str, list[_Tests]] = {}
    found: dict[tuple[str, str, tuple[str, ...]], list[tuple[Shipped, tuple[Version, ...]]]] = {}
    for shipped in shipped_versions(project):
        language = shipped.version.language
        if language not in tested:
            tested[language] = [] if _images_test(project, language) else _tests(project, language)
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


def _of_the_same(project: Project, tests: list[_Tests], shipped: Shipped) -> tuple[Version, ...]:
    """Return the versions that the code of an image is tested on, none where a job does not tell, or tests nothing of it."""
    same = [item for item in tests if any(_is_near(project, item, own, shipped) for own in shipped.folders)]
    if any(item.versions is None for item in same):
        return ()
    return tuple(version for item in same for version in item.versions or ())


def _is_near(project: Project, tests: _Tests, own: str, shipped: Shipped) -> bool:
    """Whether tests are of what a folder holds: they run in it, below it, or above it where it is a part of what they test."""
    for folder in tests.folders:
        if "$" in folder or f"{folder}/".startswith(f"{own}/" if own else ""):
            return True
        if own.startswith(f"{folder}/" if folder else "") and _is_a_part(project, tests, own, shipped.version.language):
            return True
    return False


def _is_a_part(project: Project, tests: _Tests, own: str, language: str) -> bool:
    """Whether a folder is tested with those above it: it has no manifest of its own, is named, or is one of a workspace."""
    if (language, own) not in _manifests(project):
        return True
    if re.search(rf"(?<![\w-]){re.escape(own.rpartition('/')[2])}(?![\w-])", tests.text):
        return True
    return language == "node" and (
        not _WORKSPACES.isdisjoint(project.files) or '"workspaces"' in (project.source("package.json") or "")
    )


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
