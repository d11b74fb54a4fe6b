"""`known`: what a rule asks of a value again and again is worked out of it once, since values never change."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeVar, cast

_T = TypeVar("_T")
_MOST = 4_096
"""Answers that are kept: those of one project, and not those of every project that a program reads one after the other."""
_FEW = 24
"""Items that are looked through one by one: to write a table of them takes longer."""
_answers: dict[tuple[object, ...], tuple[tuple[object, ...], object]] = {}

PATH, NAME, ALIAS = attrgetter("path"), attrgetter("name"), attrgetter("alias")
"""What items are called by."""


def known(make: Callable[..., _T], *values: object) -> _T:
    """Return `make(*values)`, worked out once for the very values at hand: equal ones are not compared, which takes long."""
    key = (make, *map(id, values))
    found = _answers.get(key)
    if found is None:
        if len(_answers) >= _MOST:
            _answers.clear()
        # The values are kept as well: as long as they are there, no other ones have their ids.
        found = _answers[key] = (values, make(*values))
    return cast("_T", found[1])


def first(items: tuple[_T, ...], called: Callable[[Any], object], name: object) -> _T | None:
    """Return the first of some items that is called so, or None; by a table where they are many."""
    if len(items) > _FEW:
        return known(_table, items, called).get(name)
    for item in items:
        if called(item) == name:
            return item
    return None


def with_folders(paths: Iterable[str]) -> frozenset[str]:
    """Return the paths and every folder above one of them, the root left out."""
    found: set[str] = set()
    for path in paths:
        above = path
        while above not in found:
            found.add(above)
            above = above.rpartition("/")[0]
            if not above:
                break
    return frozenset(found)


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a file is in, the nearest first and the root, "", at last."""
    while path:
        path = path.rpartition("/")[0]
        yield path


def is_within(path: str, places: Container[str]) -> bool:
    """Whether a path or a folder above it is one of some places, the root left out."""
    while path:
        if path in places:
            return True
        path = path.rpartition("/")[0]
    return False


def below(files: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Return the paths of a sorted inventory that lie in a folder, at every depth."""
    start = bisect_left(files, f"{folder}/")
    return files[start : bisect_left(files, f"{folder}0", start)]  # "0" is the character behind the slash.


def all_below(paths: tuple[str, ...], folder: str) -> tuple[str, ...]:
    """Return the sorted paths that lie in a folder as it may be written in a file; the root, as `.` too, holds everything."""
    clean = folder.removeprefix("./").strip("/")
    return paths if clean in {"", "."} else below(paths, clean)


def _table(items: tuple[_T, ...], called: Callable[[Any], object]) -> Mapping[object, _T]:
    return {called(item): item for item in reversed(items)}
