"""Services in blocks of Compose on pages, by their lines: what readers copy to install a project."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_IMAGE = regex(r"(?P<indent>[ \t]+)image:\s*[\"']?(?P<image>[\w./:@${}-]+)[\"']?\s*(?:#.*)?")
_LISTED = regex(r"\s+-\s*[\"']?(?P<source>[^:\s\"']+):(?P<target>/[^:\s\"']+)(?::\w+)?[\"']?\s*(?:#.*)?")
_FENCE = regex(r"\s*(?:`{3,}|~{3,}).*")
_OLD = regex(r"(?i)change-?log|history|release|archive|(?:^|/)(?:docs?[-_.]old|old)/|migrat|upgrad|/adr|blog|news")


@frozen
class PageService:
    """A service on a page: its image as written, its block of lines as one text, its mounts, and where the image stands."""

    image: str
    text: str
    mounts: tuple[tuple[str, str, Location], ...]
    """Source, target and place of each."""
    location: Location


def page_services(project: Project, word: str) -> Iterator[PageService]:
    """Yield the services of the blocks on current pages that hold `word`; commented ones and those of old pages are none."""
    for page in project.docs:
        if word in page.text and page.path not in project.owned and not _OLD.search(page.path):
            lines = page.text.split("\n")
            for index, line in enumerate(lines):
                match = _IMAGE.fullmatch(line.rstrip("\r"))
                if match:
                    yield _service(page.path, lines, index, match)


def _service(path: str, lines: list[str], index: int, match: re.Match[str]) -> PageService:
    first, last = _reach(lines, index, len(match["indent"]))
    mounts = [
        (found["source"], found["target"], Location(path, number + 1))
        for number in range(first, last)
        if (found := _LISTED.fullmatch(lines[number].rstrip("\r")))
    ]
    return PageService(match["image"], "\n".join(lines[first:last]), tuple(mounts), Location(path, index + 1))


def _reach(lines: list[str], index: int, indent: int) -> tuple[int, int]:
    """Return the first and the line after the last of the lines that are as far in as the image, or further."""
    first, last = index, index + 1
    while first and _belongs(lines[first - 1], indent):
        first -= 1
    while last < len(lines) and _belongs(lines[last], indent):
        last += 1
    return first, last


def _belongs(line: str, indent: int) -> bool:
    return not _FENCE.fullmatch(line) and (not line.strip() or len(line) - len(line.lstrip()) >= indent)
