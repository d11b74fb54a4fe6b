"""Sections of the pages, the commands that stand in them, and whether the repository has what they name."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from posixpath import normpath

from scaffold.gaps.remembered import remembered
from scaffold.gaps.signals import anchor
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer
from scaffold.model.known import known
from scaffold.model.names import Room
from scaffold.model.project import Command, DocFile, Heading, Project
from scaffold.model.regex import regex

_COMPOSE_FILE = regex(r"(?:-f|--file)[= ]\s*[\"']?(?P<path>[\w./-]+\.ya?ml)")
_MAKE = regex(r"^\s*(?:sudo\s+)?make\s+(?:-C\s+(?P<folder>\S+)\s+)?(?P<target>[A-Za-z][\w.-]*)")
_OLD_PAGES = regex(r"change-?log|history|release-?notes|archive|migration|upgrad|/adr|decisions|blog|news|rfc", re.IGNORECASE)

_OF_EDITORS = regex(r"(?:^|/)\.(?!github/)[\w-]+/")
"""Hidden folders hold what tools for writing code are told."""


@frozen
class Section:
    """A heading, the text below it up to the next heading of its level or a higher one, and the commands in it."""

    page: DocFile
    heading: Heading
    text: str
    commands: tuple[Command, ...]


def current_pages(project: Project) -> tuple[DocFile, ...]:
    """Return the pages that speak of today: no changelogs, archives, decisions, and of ours only the guides."""
    pages = (page for page in project.docs if not _OLD_PAGES.search(page.path) and not _OF_EDITORS.search(page.path))
    return tuple(page for page in pages if page.path not in project.owned or page.path.startswith("docs/"))


@remembered
def _by_file(project: Project) -> dict[str, tuple[Command, ...]]:
    found: dict[str, list[Command]] = {}
    for command in project.commands:
        found.setdefault(command.location.path, []).append(command)
    return {path: tuple(sorted(commands, key=lambda item: item.location.line)) for path, commands in found.items()}


def commands_of(project: Project, path: str) -> tuple[Command, ...]:
    """Return the commands of a file, in the order of their lines."""
    return _by_file(project).get(path, ())


def heading_above(page: DocFile, place: Location) -> str:
    """Return the last heading above a line of a page, "" where there is none."""
    lines = known(_heading_lines, page.headings)
    above = bisect_left(lines, place.line)
    return page.headings[above - 1].text if above else ""


def _heading_lines(headings: tuple[Heading, ...]) -> list[int]:
    return [heading.location.line for heading in headings]


def headings_around(page: DocFile, place: Location) -> list[str]:
    """Return the headings that a line of a page stands under, the nearest first."""
    found: list[str] = []
    level = 100
    for heading in reversed(page.headings):
        if heading.location.line < place.line and heading.level < level:
            found.append(heading.text)
            level = heading.level
    return found


def sections(project: Project, wanted: re.Pattern[str]) -> Iterator[Section]:
    """Yield the sections whose heading matches; a page named so counts as one from its first heading on."""
    for page in current_pages(project):
        yield from sections_of(project, page, wanted)


def sections_of(project: Project, page: DocFile, wanted: re.Pattern[str]) -> Iterator[Section]:
    """Yield the sections of one page whose heading matches, the whole page where it is named so."""
    lines = page.text.split("\n")
    shown = commands_of(project, page.path)
    places = [command.location.line for command in shown]
    by_name = wanted.search(page.path.rpartition("/")[2].rpartition(".")[0].replace("_", " ").replace("-", " "))
    for index, heading in enumerate(page.headings):
        if not wanted.search(heading.text) and not (by_name and index == 0):
            continue
        following = (h for h in page.headings[index + 1 :] if h.level <= heading.level)
        end = len(lines) if by_name and index == 0 else next((h.location.line - 1 for h in following), len(lines))
        start = heading.location.line
        inside = shown[bisect_right(places, start) : bisect_right(places, end)]
        yield Section(page, heading, "\n".join(lines[start:end]), inside)


def missing_in(project: Project, command: Command, targets: frozenset[str]) -> tuple[str, str] | None:
    """Return kind and name of the first thing that a command names and the repository lacks, or None."""
    if re.search(r"\bcompose\b", command.text):
        for match in _COMPOSE_FILE.finditer(command.text):
            if not _exists_beside(project, command.location.path, match["path"]):
                return "compose file", match["path"]
    make = _MAKE.match(command.text)
    if make and not make["folder"] and targets and make["target"] not in targets and "%" not in targets:
        return "make target", make["target"]
    return None


def _exists_beside(project: Project, page: str, path: str) -> bool:
    """Whether the path exists from the root, from the page's folder, or anywhere below under the same name."""
    folder = page.rpartition("/")[0]
    name = path.rpartition("/")[2]
    tries = (normpath(path), normpath(f"{folder or '.'}/{path}"))
    return any(project.exists(item) for item in tries) or any(file.rpartition("/")[2] == name for file in project.files)


def make_targets(project: Project) -> frozenset[str]:
    """Return every word that starts a rule line of a makefile, included files and patterns too."""
    found: set[str] = set()
    for source in project.sources:
        name = source.path.rpartition("/")[2]
        if name in {"Makefile", "makefile", "GNUmakefile"} or name.endswith(".mk"):
            if re.search(r"^-?include\b|^%|\$\(eval", source.text, re.MULTILINE):
                found.add("%")
            for match in re.finditer(r"^([^\s#:=][^:#=]*):(?!=)", source.text, re.MULTILINE):
                found.update(match[1].split())
    return frozenset(found)


def page_anchor(project: Project) -> Location | None:
    """Return where an absent page is shown: the README, else the first service."""
    readmes = sorted(
        (page.path for page in project.docs if re.search(r"(?:^|/)readme", page.path, re.IGNORECASE)),
        key=lambda p: (p.count("/"), p),
    )
    return Location(readmes[0], 1) if readmes else anchor(project)


def guide_closers(project: Project, advice: str) -> tuple[Closer, ...]:
    """Return the room of the guides, which are written for a stack that can run in production; else the advice."""
    written = project.production_stack is not None and bool(project.production_stack.services)
    return (Closer(Room.GUIDES, "files"),) if written else (Closer(None, "advice", advice),)
