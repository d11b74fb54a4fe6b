"""Tables of known names: which row a name stands in, found by looking it up instead of trying patterns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class NameTable(Generic[_T]):
    """Rows of names and what they stand for; a star at an end of a name stands for any text there, and the first row counts."""

    def __init__(self, rows: Iterable[tuple[str, _T]]) -> None:
        self._exact: dict[str, tuple[int, _T]] = {}
        self._open: list[tuple[int, str, str, _T]] = []
        for number, (names, value) in enumerate(rows):
            for name in names.split():
                if "*" in name:
                    self._open.append((number, name, name.strip("*"), value))
                else:
                    self._exact.setdefault(name, (number, value))
        self._end = len(self._exact) + len(self._open)

    def of(self, name: str) -> _T | None:
        """Return what a name stands for, or None."""
        return self._first([name])

    def of_path(self, path: str) -> _T | None:
        """Return what a path or any end of it stands for: `b/c` and `c` of `a/b/c`; names without a slash are its last part."""
        parts = path.split("/")
        return self._first(["/".join(parts[start:]) for start in range(len(parts))])

    def _first(self, names: list[str]) -> _T | None:
        row, value = min((self._exact[name] for name in names if name in self._exact), default=(self._end, None), key=_row)
        longest = names[0]  # the others are ends of it: what it does not hold, none of them does
        for number, known, text, found in self._open:
            if text in longest and number < row and any(_covers(known, name) for name in names):
                return found
        return value


def _row(found: tuple[int, object]) -> int:
    return found[0]


def _covers(known: str, name: str) -> bool:
    """Whether a name with a star covers another; where it has no slash, the star stands for none."""
    if ("/" in known) != ("/" in name):
        return False
    text = known.strip("*")
    if known[0] != "*":
        return name.startswith(text)
    return text in name if known[-1] == "*" else name.endswith(text)
