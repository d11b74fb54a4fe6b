"""Lines as editors count them: only line feeds end one, a byte order mark is not part of the first."""

from __future__ import annotations

import bisect
from functools import cached_property
from itertools import accumulate

from scaffold.model.document import Location


def numbered(text: str) -> list[tuple[int, str]]:
    """Return each line with its 1-based number, without its end; form feeds and the like do not end a line."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    return [(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1)]


LONGEST_LINE = 8_000
"""Characters of a line that somebody wrote; what comes behind them is read by nobody, and costs patterns their time."""


def bounded(text: str) -> str:
    """Return the text with its lines cut where no person writes on, so that searching each of them stays linear."""
    if len(text) <= LONGEST_LINE:
        return text
    lines = text.split("\n")
    return "\n".join([line[:LONGEST_LINE] for line in lines]) if max(map(len, lines)) > LONGEST_LINE else text


def line_of(text: str, offset: int) -> int:
    """Return the 1-based line of a character offset."""
    return text.count("\n", 0, offset) + 1


def is_comment(text: str, offset: int) -> bool:
    """Whether the line of a character offset begins as comments do in any of the languages of application code."""
    return text[text.rfind("\n", 0, offset) + 1 : offset].lstrip().startswith(("#", "//", "*", "/*"))


def blank(text: str) -> str:
    """Return blanks of the same length, with the line ends of the text."""
    return "\n".join([" " * len(line) for line in text.split("\n")])


class Places:
    """The locations of character offsets in one text, for many questions: lines are counted once, at the first of them."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self._text = text

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((len(line) + 1 for line in self._text.split("\n")), initial=0))

    def at(self, offset: int) -> Location:
        """Return the location of one offset."""
        line = bisect.bisect_right(self._starts, offset)
        return Location(self.path, line, offset - self._starts[line - 1] + 1)
