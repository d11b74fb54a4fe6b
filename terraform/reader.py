"""Reads one JSON object field by field: every mistake is named with its place, and no field is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from terraform.errors import PlanError

_T = TypeVar("_T")


class Reader:
    """Takes the fields of one JSON object, and remembers which ones were asked for."""

    def __init__(self, path: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise PlanError(path, "an object is wanted")
        self._path = path
        self._fields = value
        self._asked: set[str] = set()

    def _take(self, name: str) -> object:
        self._asked.add(name)
        if name not in self._fields:
            raise PlanError(f"{self._path}.{name}", "is missing")
        return self._fields[name]

    def text(self, name: str, *, empty: bool = False) -> str:
        """Return a field's text; `empty` allows none."""
        return _text(f"{self._path}.{name}", self._take(name), empty=empty)

    def matching(self, name: str, pattern: str, wanted: str) -> str:
        """Return a field's text, which the pattern has to match; `wanted` says what that is."""
        value = self.text(name, empty=True)
        if not re.fullmatch(pattern, value, re.ASCII):
            raise PlanError(f"{self._path}.{name}", f"{wanted} is wanted")
        return value

    def flag(self, name: str) -> bool:
        """Return a field that is true or false."""
        value = self._take(name)
        if not isinstance(value, bool):
            raise PlanError(f"{self._path}.{name}", "true or false is wanted")
        return value

    def port(self, name: str) -> int:
        """Return a field that is a port."""
        return self.number(name, 1, 65535, "a port")

    def number(self, name: str, least: int, most: int, what: str = "a number") -> int:
        """Return a field that is a whole number within bounds."""
        value = self._take(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise PlanError(f"{self._path}.{name}", f"{what} from {least} to {most} is wanted")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(_text(f"{self._path}.{name}[{index}]", item) for index, item in enumerate(self._list(name)))

    def each(self, name: str, read: Callable[[Reader], _T]) -> tuple[_T, ...]:
        """Return what `read` makes of each object of a list."""
        readers = [Reader(f"{self._path}.{name}[{index}]", item) for index, item in enumerate(self._list(name))]
        values = tuple(read(reader) for reader in readers)
        for reader in readers:
            reader.finish()
        return values

    def lists(self, name: str, read: Callable[[Reader], _T]) -> tuple[tuple[_T, ...], ...]:
        """Return what `read` makes of the objects in a list of lists."""
        outer = [{"items": item} for item in self._list(name)]
        readers = [Reader(f"{self._path}.{name}[{index}]", item) for index, item in enumerate(outer)]
        return tuple(reader.each("items", read) for reader in readers)

    def _list(self, name: str) -> list[object]:
        value = self._take(name)
        if not isinstance(value, list):
            raise PlanError(f"{self._path}.{name}", "a list is wanted")
        return value

    def finish(self) -> None:
        """Refuse fields that nothing reads: a misspelt one must not be lost."""
        unknown = sorted(str(name) for name in set(self._fields) - self._asked)
        if unknown:
            raise PlanError(f"{self._path}.{unknown[0]}", "is unknown")


def _text(path: str, value: object, *, empty: bool = False) -> str:
    if not isinstance(value, str):
        raise PlanError(path, "text is wanted")
    if not value and not empty:
        raise PlanError(path, "text is wanted, nothing given")
    if "\x00" in value or any(0xD800 <= ord(char) <= 0xDFFF for char in value):
        raise PlanError(path, "the text holds a NUL or half a character")
    return value
