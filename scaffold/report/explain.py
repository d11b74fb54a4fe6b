"""A rule's Markdown for a terminal: headings, paragraphs and lists wrapped, code as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.regex import regex
from scaffold.report.page import Line, clean_line, line, render, wrapped

_ITEM = regex(r"(?P<head>\s*(?:[-*+]|\d{1,3}\.)\s+)(?P<text>.*)")
_HEADING = regex(r"#{1,6}\s+(?P<text>.*)")
_FENCES = ("```", "~~~")


def explain_text(markdown: str, *, width: int, color: bool) -> str:
    """Return the text of a rule wrapped to `width` columns."""
    return render(_lines(markdown, width), width=width, color=color)


def _lines(markdown: str, width: int) -> Iterator[Line]:
    paragraph: list[str] = []
    code = False
    for text in [*markdown.splitlines(), ""]:
        fence = text.lstrip().startswith(_FENCES)
        verbatim = code or text.startswith("|") or (text.startswith("    ") and not paragraph and not _ITEM.match(text))
        heading = _HEADING.match(text)
        if paragraph and (fence or verbatim or heading or not text.strip() or _ITEM.match(text)):
            yield from _paragraph(paragraph, width)
            paragraph = []
        if fence:
            code = not code
        elif verbatim:
            yield line(("    " if code else "") + clean_line(text))
        elif heading:
            yield from (line((part.text, "title")) for part in wrapped(_plain(heading["text"]), width))
        elif text.strip():
            paragraph.append(text)
        else:
            yield line()


def _paragraph(texts: list[str], width: int) -> list[Line]:
    match = _ITEM.match(texts[0])
    head = match["head"] if match else ""
    first = match["text"] if match else texts[0].strip()
    joined = " ".join([first, *(text.strip() for text in texts[1:])])
    return wrapped(_plain(joined), width, first=[(head, "")] if head else (), indent=len(head))


def _plain(text: str) -> str:
    """Return Markdown's emphasis and links as a terminal reads them; code keeps its backticks."""
    text = re.sub(r"\[([^\]\n]+)\]\(([^)\s]+)\)", r"\1 (\2)", text)
    return re.sub(r"\*\*([^*\n]+)\*\*", r"\1", text)
