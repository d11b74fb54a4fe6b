"""No regular expression of the package takes exponential time: none can read one text of a loop in two ways.

Each expression is read as an automaton of its places for characters. A loop in which two different ways lead from one place
back to it over the same characters is one that a search tries twice as often with each further round.
"""

from __future__ import annotations

import gc
import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator, Mapping
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, TypeVar

import pytest

import scaffold
from scaffold.model.regex import _AtFirstUse

_T = TypeVar("_T")
_OTHER = 128
"""Stands for every character that is not ASCII."""
_ALL = frozenset(range(129))
_FEW = 4
"""Rounds of a bounded repeat that are written out; more of them count as without a bound."""
_CATEGORIES = {
    codes.CATEGORY_DIGIT: r"\d",
    codes.CATEGORY_NOT_DIGIT: r"\D",
    codes.CATEGORY_SPACE: r"\s",
    codes.CATEGORY_NOT_SPACE: r"\S",
    codes.CATEGORY_WORD: r"\w",
    codes.CATEGORY_NOT_WORD: r"\W",
}


class Automaton:
    """The places of an expression with the characters that each takes, and which place may follow which, and how often."""

    def __init__(self, source: str, flags: int) -> None:
        tree = parser.parse(source, flags)
        self.folds = bool(tree.state.flags & re.IGNORECASE)
        self.takes: list[frozenset[int]] = []
        self.follows: dict[int, dict[int, int]] = {}
        self.groups: dict[int, frozenset[int]] = {}
        self._sequence(tree)

    def _place(self, takes: frozenset[int]) -> tuple[list[int], list[int], bool]:
        self.takes.append(takes)
        self.follows[len(self.takes) - 1] = {}
        return [len(self.takes) - 1], [len(self.takes) - 1], False

    def _join(self, lasts: list[int], firsts: list[int]) -> None:
        for last in lasts:
            for first in firsts:
                self.follows[last][first] = self.follows[last].get(first, 0) + 1

    def _sequence(self, tree: Any) -> tuple[list[int], list[int], bool]:
        """Return the places that may come first and last, and whether nothing may be taken at all."""
        firsts: list[int] = []
        lasts: list[int] = []
        empty = True
        without: frozenset[int] = frozenset()
        for code, value in tree:
            if code is codes.ASSERT_NOT and value[0] == 1 and len(value[1]) == 1:
                without = self._characters(*value[1][0]) or frozenset()
                continue
            first, last, skips = self._part(code, value, without)
            without = frozenset()
            self._join(lasts, first)
            firsts += first if empty else []
            lasts = [*lasts, *last] if skips else last
            empty = empty and skips
        return firsts, lasts, empty

    def _part(self, code: Any, value: Any, without: frozenset[int]) -> tuple[list[int], list[int], bool]:
        characters = self._characters(code, value)
        if characters is not None:
            return self._place(characters - without)
        if code in {codes.MAX_REPEAT, codes.MIN_REPEAT}:
            return self._repeat(*value)
        if code is codes.SUBPATTERN:
            number, _, _, inside = value
            found = self._sequence(inside)
            self.groups[number] = frozenset().union(*(self.takes[place] for place in found[0]))
            return found
        if code is codes.BRANCH:
            parts = [self._sequence(branch) for branch in value[1]]
            return (
                [p for part in parts for p in part[0]],
                [p for part in parts for p in part[1]],
                any(part[2] for part in parts),
            )
        if code is codes.POSSESSIVE_REPEAT or code is codes.ATOMIC_GROUP:
            # What is taken so is never given back: it counts as one character.
            inside = value[2] if code is codes.POSSESSIVE_REPEAT else value
            taken = Automaton.__new__(Automaton)
            taken.folds, taken.takes, taken.follows, taken.groups = self.folds, [], {}, self.groups
            first, _, skips = taken._sequence(inside)
            found = self._place(frozenset().union(*(taken.takes[place] for place in first)))
            return found[0], found[1], skips or (code is codes.POSSESSIVE_REPEAT and value[0] == 0)
        assert code in {codes.AT, codes.ASSERT, codes.ASSERT_NOT, codes.GROUPREF_EXISTS}, code
        return [], [], True

    def _repeat(self, least: int, most: int, inside: Any) -> tuple[list[int], list[int], bool]:
        if most <= _FEW:
            firsts: list[int] = []
            lasts: list[int] = []
            empty = True
            for number in range(most):
                first, last, skips = self._sequence(inside)
                skips = skips or number >= least
                self._join(lasts, first)
                firsts += first if empty else []
                lasts = [*lasts, *last] if skips else last
                empty = empty and skips
            return firsts, lasts, empty
        first, last, skips = self._sequence(inside)
        self._join(last, first)
        return first, last, skips or least == 0

    def _characters(self, code: Any, value: Any) -> frozenset[int] | None:
        """Return what a part takes that is one character, None for any other part."""
        if code is codes.LITERAL:
            return self._folded({min(value, _OTHER)})
        if code is codes.NOT_LITERAL:
            return _ALL - ({value} if value < _OTHER else set())
        if code is codes.ANY:
            return _ALL - {10}
        if code is codes.GROUPREF:
            return self.groups.get(value, _ALL)
        if code is codes.IN:
            held = [item for item in value if item[0] is not codes.NEGATE]
            taken = self._folded(set().union(*(self._member(*item) for item in held)))
            return _ALL - taken | ({_OTHER} if len(held) < len(value) else set()) if len(held) < len(value) else taken
        return None

    def _folded(self, characters: set[int]) -> frozenset[int]:
        if not self.folds:
            return frozenset(characters)
        cased = {ord(form) for item in characters if item < _OTHER for form in (chr(item).lower(), chr(item).upper())}
        return frozenset(characters | cased)

    @staticmethod
    def _member(code: Any, value: Any) -> set[int]:
        if code is codes.RANGE:
            return {min(item, _OTHER) for item in range(value[0], min(value[1], _OTHER) + 1)}
        if code is codes.CATEGORY:
            ascii_ones = {item for item in range(_OTHER) if re.match(_CATEGORIES[value], chr(item))}
            return ascii_ones | ({_OTHER} if "NOT" in str(value) or value is codes.CATEGORY_WORD else set())
        return {min(value, _OTHER)}

    def is_ambiguous(self) -> bool:
        """Whether a loop can read one text in two ways."""
        return any(self._reads_twice(loop) for loop in self._loops())

    def _loops(self) -> Iterator[frozenset[int]]:
        """Yield the places that lead back to themselves, those together that lead to each other."""
        ahead = {place: _reached(self.follows, self.follows[place]) for place in self.follows}
        yield from {frozenset(q for q in ahead[p] if p in ahead[q]) for p in ahead if p in ahead[p]}

    def _reads_twice(self, loop: frozenset[int]) -> bool:
        """Whether two ways through a loop part and meet again over the same characters."""
        if any(count > 1 for place in loop for after, count in self.follows[place].items() if after in loop):
            return True
        after: dict[tuple[int, int], set[tuple[int, int]]] = {}
        before: dict[tuple[int, int], set[tuple[int, int]]] = {}
        together = {(place, place) for place in loop}
        pending = list(together)
        while pending:
            pair = pending.pop()
            if pair not in after:
                after[pair] = set(self._steps(pair, loop))
                pending += after[pair]
        for pair, following in after.items():
            for item in following:
                before.setdefault(item, set()).add(pair)
        return any(one != two for one, two in _reached(before, together))

    def _steps(self, pair: tuple[int, int], loop: frozenset[int]) -> Iterator[tuple[int, int]]:
        for one in loop.intersection(self.follows[pair[0]]):
            for two in loop.intersection(self.follows[pair[1]]):
                if self.takes[one] & self.takes[two]:
                    yield one, two


def _reached(after: Mapping[_T, Iterable[_T]], starts: Iterable[_T]) -> set[_T]:
    """Return everything that the starts lead to, themselves included."""
    found: set[_T] = set()
    pending = list(starts)
    while pending:
        item = pending.pop()
        if item not in found:
            found.add(item)
            pending += after.get(item, ())
    return found


def _patterns() -> set[tuple[str, int]]:
    for module in pkgutil.walk_packages(scaffold.__path__, "scaffold."):
        if module.name.split(".")[1] in {"gaps", "model", "plan", "read", "report"}:
            importlib.import_module(module.name)
    found = (item for item in gc.get_objects() if isinstance(item, _AtFirstUse))
    return {(item.pattern, item._flags) for item in found}


@pytest.mark.parametrize(
    "source",
    ["(?:a+)+b", "(?:a*)*b", r"(?:ab\d*|a\w)+c", r"(?:\s|#[^\n]*)*x", r"(?:\w+\s?)*:", "(?i)(?:ab|AB)*c", "(?:a?b?)*c"],
)
def test_an_expression_that_takes_exponential_time_is_found(source: str) -> None:
    assert Automaton(source, 0).is_ambiguous()


@pytest.mark.parametrize(
    "source", ["a+b+", r"(?:\w+\s)*:", r"(?:\"[^\"]*\"|'[^']*')*x", "(?:a++)+b", r"(?:(?!b)[ab]|b)*c", "(?:ab?){3}"]
)
def test_others_are_not(source: str) -> None:
    assert not Automaton(source, 0).is_ambiguous()


def test_no_expression_of_the_package_reads_a_loop_in_two_ways() -> None:
    patterns = _patterns()
    assert len(patterns) > 1_000
    assert sorted(source for source, flags in patterns if Automaton(source, flags).is_ambiguous()) == []
