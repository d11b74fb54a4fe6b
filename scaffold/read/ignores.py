"""Comments that say why a gap does not count: `# scaffold: ignore CMP001 until=2027-01-31 -- reason`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator

from scaffold.model.document import Location, Problem
from scaffold.model.project import InlineIgnore, SourceFile
from scaffold.model.regex import regex

_MARK = "scaffold: ignore"
_COMMENT = regex(r"(?:#|//|--|;)\s*scaffold: ignore\b(?P<rest>.*)$")
_CODE = regex(r"[A-Z][A-Z0-9]{2}\d{3}")
_UNTIL = regex(r"until=(?P<date>\S+)")
_PAGES = (".md", ".rst", ".txt", ".adoc", ".html", ".json")
_FORM = "write `# scaffold: ignore CMP001 -- reason`, and `until=2027-01-31` before the reason if it ends"


def read_ignores(sources: Iterable[SourceFile]) -> tuple[tuple[InlineIgnore, ...], tuple[Problem, ...]]:
    """Return the ignores of all files that are no pages, and a problem for each that does not count."""
    found: list[InlineIgnore] = []
    problems: list[Problem] = []
    for source in sources:
        if _MARK in source.text and not source.path.endswith(_PAGES):
            for item in _of_file(source):
                if isinstance(item, InlineIgnore):
                    found.append(item)
                else:
                    problems.append(item)
    return tuple(found), tuple(problems)


def _of_file(source: SourceFile) -> Iterator[InlineIgnore | Problem]:
    for number, text in enumerate(source.text.splitlines(), 1):
        match = _COMMENT.search(text) if _MARK in text else None
        if match:
            yield from _of_line(match["rest"], Location(source.path, number, match.start() + 1))


def _of_line(rest: str, place: Location) -> Iterator[InlineIgnore | Problem]:
    head, dashes, reason = rest.partition("--")
    until = _UNTIL.search(head)
    words = [word for word in re.split(r"[\s,]+", _UNTIL.sub("", head)) if word]
    if not words or not all(_CODE.fullmatch(word) for word in words):
        yield Problem(place, f"an ignore names a rule by its code: {_FORM}")
    elif not dashes or not reason.strip():
        yield Problem(place, f"an ignore without a reason does not count: {_FORM}")
    elif until and not _is_date(until["date"]):
        yield Problem(place, f"the day of an ignore is no date: {_FORM}")
    else:
        for word in words:
            yield InlineIgnore(word, reason.strip(), until["date"] if until else "", place)


def _is_date(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
