"""The sentences of a page, outside its code blocks and without its emphasis."""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections.abc import Iterator

from scaffold.model.regex import regex

_EMPHASIS = regex(r"(?<!\w)[*_]+|[*_]+(?!\w)|`|^\s*[>#-]+\s*")
SENTENCE = regex(r"[^.!?]+(?:\.(?=\w)[^.!?]+)*[.!?]*")
"""One sentence; a point inside a word, as in a file's name, ends none."""


def sentences_of(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence with the line on which it begins."""
    lines: list[tuple[int, str]] = []
    fenced = False
    for number, row in enumerate((*text.splitlines(), ""), 1):
        fence = row.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        if row.strip() and not fenced and not fence:
            lines.append((number, _EMPHASIS.sub("", row).strip()))
            continue
        yield from _of_paragraph(lines)
        lines = []


def _of_paragraph(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    joined = " ".join(row for _, row in lines)
    starts = list(itertools.accumulate((len(row) + 1 for _, row in lines), initial=0))
    for match in SENTENCE.finditer(joined):
        begin = match.start() + len(match[0]) - len(match[0].lstrip())
        index = max(bisect_right(starts, begin, 0, len(lines)) - 1, 0)
        if lines:
            yield lines[index][0], match[0].strip()


def head_of(text: str) -> str:
    """Return the comment at the head of a file as one line."""
    lines = itertools.takewhile(lambda line: not line.strip() or line.lstrip().startswith("#"), text.splitlines())
    return " ".join(line.strip("# \t-=") for line in lines)
