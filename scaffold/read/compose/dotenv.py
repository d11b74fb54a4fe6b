"""Env files as Compose reads them: quotes, comments, export, escapes, variables of earlier lines, and format raw."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scaffold.model.document import Location, Problem
from scaffold.model.frozen import frozen
from scaffold.model.interpolation import InterpolationError, Lookup, substitute
from scaffold.model.regex import regex

MAX_VALUES = 10_000_000
"""Characters that all values of a file may have after their references are replaced: files themselves are smaller."""

_KEY = regex(r"[^=:\n]*")
_EXPORT = regex(r"export[\s]+")
_BLANK = regex(r"(?:\s|#[^\n]*+)*+")
_INLINE_SPACE = regex(r"[\t\v\f\r \x85\xa0]*")
_ESCAPE = regex(r'\\(?:[abcfnrtv$"\\]|0\d{0,3})')
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\", '"': '"', "$": "$$"}


@frozen
class EnvLine:
    """One assignment: value None means `KEY` alone (inherited); `raw` is the text before escapes and interpolation."""

    name: str
    value: str | None
    raw: str
    location: Location


class _MalformedError(Exception):
    """A line that Compose refuses."""


class _Parser:
    """Reads one file; `values` grows with each line, so that later lines can refer to earlier ones."""

    def __init__(self, path: str, text: str, lookup: Lookup, known: Mapping[str, str]) -> None:
        self.path = path
        self.text = text.removeprefix("\ufeff")
        self.position = 0
        self.values: dict[str, str] = dict(known)
        self.outer = lookup
        self.lines: list[EnvLine] = []
        self.line = 1
        self.counted = 0
        self.size = 0

    def location(self, position: int) -> Location:
        self.line += self.text.count("\n", self.counted, position)
        self.counted = position
        return Location(self.path, self.line, position - self.text.rfind("\n", 0, position))

    def lookup(self, name: str) -> str | None:
        found = self.outer(name)
        return found if found is not None else self.values.get(name)

    def run(self) -> None:
        while True:
            match = _BLANK.match(self.text, self.position)
            self.position = match.end() if match else self.position
            if self.position >= len(self.text):
                return
            self.statement()

    def statement(self) -> None:
        start = self.position
        if match := _EXPORT.match(self.text, start):
            self.position = match.end()
        key_match = _KEY.match(self.text, self.position)
        key_text = key_match[0] if key_match else ""
        self.position += len(key_text)
        location = self.location(start)
        key = key_text.rstrip()
        separator = self.text[self.position : self.position + 1]
        self.position += 1
        _check_key(key)
        if separator in {"", "\n"}:
            inherited = self.outer(key)
            self.lines.append(EnvLine(key, inherited, key, location))
            if inherited is not None:
                self.values[key] = inherited
            return
        raw, value = self.value()
        self.size += len(value)
        if self.size > MAX_VALUES:
            raise _MalformedError(f"its variables make values of more than {MAX_VALUES} characters")
        self.values[key] = value
        self.lines.append(EnvLine(key, value, raw, location))

    def value(self) -> tuple[str, str]:
        match = _INLINE_SPACE.match(self.text, self.position)
        self.position = match.end() if match else self.position
        quote = self.text[self.position : self.position + 1]
        if quote in {'"', "'"}:
            raw = self.quoted(quote)
            return raw, raw if quote == "'" else substitute(_unescape(raw), self.lookup)
        end = self.text.find("\n", self.position)
        end = len(self.text) if end < 0 else end
        raw = self.text[self.position : end].partition(" #")[0].rstrip()
        self.position = end + 1
        return raw, substitute(raw, self.lookup)

    def quoted(self, quote: str) -> str:
        """Read up to the closing quote; a backslash before the quote is dropped, every other one stays."""
        pattern = re.compile(rf"(?:[^{quote}\\]|\\.)*", re.DOTALL)
        match = pattern.match(self.text, self.position + 1)
        end = match.end() if match else len(self.text)
        if self.text[end : end + 1] != quote:
            raise _MalformedError("a quoted value is not closed")
        raw = self.text[self.position + 1 : end]
        self.position = end + 1
        return raw.replace(f"\\{quote}", quote)


def _check_key(key: str) -> None:
    if not key:
        raise _MalformedError("an assignment without a name")
    if " " in key:
        raise _MalformedError("a name with a space in it")
    if not all(char.isalpha() or char.isnumeric() or char in "_.-[]" for char in key):
        raise _MalformedError("a name with a character that is not allowed")


def _unescape(text: str) -> str:
    """Expand the escapes of a double-quoted value; an escaped dollar becomes `$$`, so that interpolation keeps the dollar."""

    def expand(match: re.Match[str]) -> str:
        code = match[0][1:]
        if code[0] == "0":
            digits = code[1:]
            return (
                chr(int(digits, 8)) if len(digits) == 3 and digits < "400" and not set(digits) - set("01234567") else match[0]
            )
        return _ESCAPES.get(code, match[0])

    return _ESCAPE.sub(expand, text)


def _raw_lines(path: str, text: str) -> tuple[EnvLine, ...]:
    """Read `format: raw`: everything after the first `=` is the value, quotes and dollars included."""
    lines = []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.lstrip()
        if not stripped or stripped.startswith("#"):
            continue
        name, separator, value = stripped.partition("=")
        lines.append(EnvLine(name.strip(), value if separator else None, value, Location(path, number)))
    return tuple(lines)


def parse_env(
    path: str, text: str, lookup: Lookup = lambda _: None, *, known: Mapping[str, str] | None = None, raw: bool = False
) -> tuple[tuple[EnvLine, ...], tuple[Problem, ...]]:
    """Parse an env file; `lookup` gives outer variables, which win over those that this file sets, and these over `known`,
    those of the files before. The lines before a broken one are kept.
    """
    if raw:
        return _raw_lines(path, text), ()
    parser = _Parser(path, text, lookup, known or {})
    try:
        parser.run()
    except (_MalformedError, InterpolationError) as error:
        place = Location(path, parser.location(max(parser.counted, 0)).line)
        return tuple(parser.lines), (Problem(place, str(error)),)
    return tuple(parser.lines), ()
