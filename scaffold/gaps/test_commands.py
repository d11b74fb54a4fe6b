"""The commands of a text that do something: a program that is asked for its version tests nothing."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_ENDS = regex(r"&&|\|\||[;|&]")
_SHOWN = regex(r"[\"'\s@(]*(?:#|(?:echo|printf)\b)")
_INSTALLS = regex(
    r"\b(?:pip|uv|poetry|npm|pnpm|yarn|bun|apt(?:-get)?)\b[^\n]*\b(?:install|add)\b(?!-)", words=("install", "add")
)
_ONLY_LISTS = regex(
    r"\s(?:--(?:version|help|collect-only|co|listTests|list|list-tests|show-only|showConfig|no-run|dry-run|fixtures|markers)"
    r"|-list)(?=[\s=\"')]|$)|\s-run[ =][\"']?\^\$",
    words=("--", "-list", "-run"),
)
"""What makes a test program tell something or compile, and run no test."""
_FORGIVING = regex(
    r"\|\|\s*(?:true\b|:(?=\s|$)|exit\s+0|echo\b)(?![^\n]*(?:\bexit\s+[1-9]|\bfalse\b|GITHUB_OUTPUT|GITHUB_ENV))"
)


@frozen
class Ran:
    """One command of a text, and whether the text goes on well when the command fails."""

    text: str
    is_forgiven: bool


def ran(text: str) -> Iterator[Ran]:
    """Yield each command that is neither a comment nor shown, that installs nothing and lists or tells nothing alone."""
    for line in text.replace("\\\n", " ").splitlines():
        if not line.lstrip().startswith("#"):
            yield from _ran(line)


def _ran(line: str) -> Iterator[Ran]:
    start = 0
    ends = [*((found.start(), found.end()) for found in _ENDS.finditer(line)), (len(line), len(line))]
    for end, following in ends:
        part = line[start:end]
        start = following
        if part.strip() and not _SHOWN.match(part) and not _INSTALLS.search(part) and not _ONLY_LISTS.search(part):
            yield Ran(part, bool(_FORGIVING.match(line, end)))
