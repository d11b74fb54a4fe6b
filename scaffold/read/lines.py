"""Lines as editors count them: only line feeds end one, a byte order mark is not part of the first."""

from __future__ import annotations

from scaffold.model.document import Location


def numbered(text: str) -> list[tuple[int, str]]:
    """Return each line with its 1-based number, without its end; form feeds and the like do not end a line."""
    lines = text.removeprefix("\ufeff").split("\n")
    if lines[-1] == "" and len(lines) > 1:
        lines.pop()
    return [(number, line.removesuffix("\r")) for number, line in enumerate(lines, 1)]


def line_of(text: str, offset: int) -> int:
    """Return the 1-based line of a character offset."""
    return text.count("\n", 0, offset) + 1


def place(path: str, text: str, offset: int) -> Location:
    """Return the location of a character offset in the text of a file."""
    start = text.rfind("\n", 0, offset) + 1
    return Location(path, line_of(text, offset), offset - start + 1)
