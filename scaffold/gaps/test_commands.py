"""The commands of a text that do something: a program that is asked for its version tests nothing."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_ENDS = regex(r"&&|\|\||[;|]|(?<!>)&(?!>)")
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
_HANDS_ON = regex(r"&&|\|(?!\|)")
_FORGIVING = regex(r"\|\|\s*(?:true\b|:(?=\s|$)|exit\s+0|echo\b)")
_TELLS_OF_IT = regex(r"\bexit\s+[1-9]|\bfalse\b|GITHUB_OUTPUT|GITHUB_ENV", words=("exit", "false", "GITHUB_"))
"""What hands a failure on after all, wherever it stands behind what forgives it."""
_LONGEST = 4_000
"""Characters of a line, with those that continue it, that somebody wrote."""


@frozen
class Ran:
    """One command of a text, and whether the text goes on well when the command fails."""

    text: str
    is_forgiven: bool


def ran(text: str) -> Iterator[Ran]:
    """Yield each command that is neither a comment nor shown, that installs nothing and lists or tells nothing alone."""
    for line in (line[:_LONGEST] for line in text.replace("\\\n", " ").splitlines()):
        if not line.lstrip().startswith("#"):
            yield from _ran(line)


def _ran(line: str) -> Iterator[Ran]:
    start = 0
    ends = [*((found.start(), found.end()) for found in _ENDS.finditer(line)), (len(line), len(line))]
    for (end, following), is_forgiven in zip(ends, _forgiven(line, [end for end, _ in ends]), strict=True):
        part = line[start:end]
        start = following
        if part.strip() and not _SHOWN.match(part) and not _INSTALLS.search(part) and not _ONLY_LISTS.search(part):
            yield Ran(part, is_forgiven)


def _forgiven(line: str, ends: list[int]) -> list[bool]:
    """Return for each command of a line, by its end, whether the line goes on well where it fails: what it is piped into, and
    what follows it with `&&`, hands the failure on to the next `||`.
    """
    told = max((match.start() for match in _TELLS_OF_IT.finditer(line)), default=-1)
    found: list[bool] = []
    for end in reversed(ends):
        forgiving = _FORGIVING.match(line, end)
        handed_on = _HANDS_ON.match(line, end) is not None and bool(found) and found[-1]
        found.append(handed_on or (forgiving is not None and forgiving.end() > told))
    return found[::-1]
