"""Lines of styled text for a terminal: wrapped to a width, free of control characters, coloured only when asked."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

Span = tuple[str, str]
"""A piece of text and its style, "" for none."""

_CONTROL = regex(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_PLACE = regex(r"[\s(]*(\S.*):\d+[\s)]*")
_LINK_NUMBER = regex(r"\x1b\]8;id=[^;]*;")
_NARROWEST = 30

STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
    "absent": "red",
    "inert": "magenta",
    "partial": "yellow",
    "present": "green",
    "passed": "green",
    "failed": "bold red",
    "not-run": "yellow",
    "title": "bold",
    "good": "green",
    "place": "dim",
    "added": "green",
    "removed": "red",
}
"""The style of each word that a report colours, in the names of rich."""


@frozen
class Line:
    """One line of a page."""

    spans: tuple[Span, ...] = ()

    @property
    def text(self) -> str:
        """The line without its styles."""
        return "".join(text for text, _ in self.spans).rstrip()


def clean_line(text: str) -> str:
    """Return text of any origin as one line that cannot move the cursor, hide itself or turn its direction."""
    return _CONTROL.sub(_shown, " ".join(text.splitlines()) if "\n" in text or "\r" in text else text)


def _shown(match: re.Match[str]) -> str:
    return " " if match[0] == "\t" else f"\\x{ord(match[0]):02x}"


def line(*spans: Span | str) -> Line:
    """Return a line of pieces; a bare text has no style."""
    return Line(tuple(span if isinstance(span, tuple) else (span, "") for span in spans))


def wrapped(text: str, width: int, *, first: Sequence[Span] = (), indent: int = 0, at_most: int = 0) -> list[Line]:
    """Return `text` behind the pieces `first`, wrapped to `width` columns, cut after `at_most` lines (0 is never)."""
    head = sum(len(piece) for piece, _ in first)
    parts = textwrap.wrap(
        clean_line(text),
        width=max(_NARROWEST, width),
        initial_indent=" " * head,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        max_lines=at_most or None,
        placeholder=" …",
    )
    if not parts:
        return [Line(tuple(first))] if first else []
    return [Line((*first, (parts[0][head:], ""))), *(Line(((part, ""),)) for part in parts[1:])]


def render(lines: Iterable[Line], *, width: int, color: bool, root: str = "") -> str:
    """Return the page as text; rich is imported only when `color` is asked for.

    With colour and `root`, the absolute folder of the project, places are links that a terminal can open.
    """
    if not color:
        return "".join(item.text + "\n" for item in lines)
    return _coloured(lines, width, root)


def _style(piece: str, style: str, root: str) -> str:
    """Return the style of a piece in rich's words; a place with its line becomes a link to the file."""
    words = STYLES.get(style, "")
    place = _PLACE.fullmatch(piece) if root and style == "place" else None
    if place is None:
        return words
    from urllib.parse import quote

    return f"{words} link file://{quote(f'{root}/{place[1]}')}"


def _coloured(lines: Iterable[Line], width: int, root: str) -> str:
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    out = StringIO()
    console = Console(file=out, force_terminal=True, color_system="standard", width=max(width, _NARROWEST), _environ={})
    for item in lines:
        text = Text.assemble(*((piece, _style(piece, style, root)) for piece, style in item.spans), no_wrap=True)
        text.rstrip()
        console.print(text, soft_wrap=True, highlight=False, markup=False, emoji=False)
    # rich gives each link a random number, which only a link over several lines needs.
    return _LINK_NUMBER.sub("\x1b]8;;", out.getvalue())
