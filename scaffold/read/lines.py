"""Lines as editors count them: only line feeds end one, a byte order mark is not part of the first."""

from __future__ import annotations

import bisect

from scaffold.model.document import Location
from scaffold.model.regex import regex

_LINE_END = regex("\n")


def numbered(text: str) -> list[tuple[int, str]]:
    """Return each line with its 1-based number, without its end; form feeds and the like do not end a line."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    return [(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1)]


def line_of(text: str, offset: int) -> int:
    """Return the 1-based line of a character offset."""
    return text.count("\n", 0, offset) + 1


class Places:
    """The locations of character offsets in one text, for many questions: lines are counted once."""

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.starts = [0, *(match.end() for match in _LINE_END.finditer(text))]

    def at(self, offset: int) -> Location:
        """Return the location of one offset."""
        line = bisect.bisect_right(self.starts, offset)
        return Location(self.path, line, offset - self.starts[line - 1] + 1)
