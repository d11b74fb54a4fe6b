"""Packages of Go whose tests no step runs, where the steps name the packages that they test one by one."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep, ci_steps
from scaffold.model.document import Location, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TEST = regex(r"\bgo\s+test\b(?P<words>[^\n;&|]*)", words=("go",))
_MOVES = regex(r"(?:^|[\s;&(])(?:cd|pushd)\s", words=("cd", "pushd"))
_BELOW = "/..."


@frozen
class LeftOut:
    """The patterns of packages that steps test, the files of tests in others, and the steps."""

    named: tuple[str, ...]
    files: tuple[str, ...]
    places: tuple[Location, ...]

    @property
    def packages(self) -> tuple[str, ...]:
        """The folders of the tests that are left out."""
        return tuple(dict.fromkeys(map(posixpath.dirname, self.files)))


def left_out_packages(project: Project, files: list[str]) -> LeftOut | None:
    """Return which of the files with tests are in no package that a step names; None where a step tests them all, or may."""
    named: list[tuple[str, str]] = []
    places: list[Location] = []
    for item in ci_steps(project):
        if not _TEST.search(item.text):
            continue
        folder = _folder(item)
        patterns = list(_patterns(item))
        if "$" in folder or "$" in item.step.run or _MOVES.search(item.step.run) or not patterns or "./..." in patterns:
            return None
        named += [(pattern, posixpath.normpath(posixpath.join(folder or ".", pattern))) for pattern in patterns]
        places.append(item.place)
    tested = frozenset(pattern for _, pattern in named)
    left = tuple(path for path in files if not _is_tested(tested, posixpath.dirname(path)))
    return LeftOut(tuple(dict.fromkeys(pattern for pattern, _ in named)), left, tuple(places)) if named and left else None


def _patterns(item: CiStep) -> Iterator[str]:
    """Yield the packages that the commands of a step name; nothing where one of them names none."""
    found: list[str] = []
    for match in _TEST.finditer(item.step.run.replace("\\\n", " ")):
        words = [word for word in match["words"].split() if word.startswith("./")]
        if not words:
            return
        found += words
    yield from found


def _folder(item: CiStep) -> str:
    shared = text_of(find(item.job.node, "defaults", "run", "working-directory"))
    of_workflow = text_of(find(item.workflow.document.root, "defaults", "run", "working-directory"))
    return item.step.working_directory or shared or of_workflow


def _is_tested(tested: frozenset[str], folder: str) -> bool:
    """Whether one of the patterns is a folder itself, or takes what is below it or below one that it lies in."""
    if folder in tested:
        return True
    while folder:
        if f"{folder}{_BELOW}" in tested:
            return True
        folder = posixpath.dirname(folder)
    return False
