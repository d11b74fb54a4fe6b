"""The words of a pattern stand in every text that it matches: a text without one may be left out unseen."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import scaffold
from scaffold.model.regex import regex

_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)


def held(parsed: Iterable[Any], words: tuple[str, ...], *, folds: bool) -> bool:
    """Whether each text that a parsed pattern matches holds one of the words, by what it has to spell out."""
    letters = ""
    for code, argument in (*parsed, (None, None)):
        if code is codes.LITERAL:
            letters += chr(argument).lower() if folds else chr(argument)
            continue
        if any(word in letters for word in words):
            return True
        before, letters = [(codes.LITERAL, ord(letter)) for letter in letters], ""
        if code is codes.BRANCH:  # The parser takes what all branches begin with before them.
            found = all(held([*before, *branch], words, folds=folds) for branch in argument[1])
        elif code is codes.SUBPATTERN:
            found = (folds or not argument[1] & re.IGNORECASE) and held(argument[3], words, folds=folds)
        elif code in _REPEATS:
            found = argument[0] > 0 and held(argument[2], words, folds=folds)
        elif code is codes.ASSERT:  # What has to stand before or behind a place stands in the text.
            found = held(argument[1], words, folds=folds)
        else:
            found = code is codes.ATOMIC_GROUP and held(argument, words, folds=folds)
        if found:
            return True
    return False


def patterns(value: Any) -> Iterator[Any]:
    """Yield the patterns with words that a value of a module is or holds."""
    if isinstance(value, tuple | list | frozenset | set):
        for item in value:
            yield from patterns(item)
    elif isinstance(value, dict):
        yield from patterns(tuple(value.values()))
    elif isinstance(getattr(value, "words", None), tuple) and hasattr(value, "fullmatch"):
        yield value


def all_patterns() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.walk_packages(scaffold.__path__, "scaffold."):
        if module.name.startswith(("scaffold.gaps", "scaffold.model", "scaffold.read", "scaffold.report")):
            for name, value in vars(import_module(module.name)).items():
                yield from ((f"{module.name}.{name}", pattern) for pattern in patterns(value))


def test_every_text_that_a_pattern_of_the_program_matches_holds_one_of_its_words() -> None:
    seen = 0
    for name, pattern in all_patterns():
        parsed = parser.parse(pattern.pattern, pattern.flags)
        folds = bool(parsed.state.flags & re.IGNORECASE)
        assert held(parsed, pattern.words, folds=folds), name
        assert all(word == word.lower() for word in pattern.words) or not folds, name
        assert folds is pattern.folds, name
        seen += 1
    assert seen > 50


@pytest.mark.parametrize(
    ("source", "words", "yes"),
    [
        (r"\bpg_dump\b", ("pg_dump",), True),
        (r"\bpg_dump\b", ("dump",), True),
        (r"\$(?=\w*COMPOSE)\w++", ("COMPOSE",), True),
        (r"\$(?!\w*COMPOSE)\w++", ("COMPOSE",), False),
        (r"\bpg_dump\b", ("mysqldump",), False),
        (r"pg_dump|mysqldump", ("pg_dump",), False),
        (r"pg_dump|mysqldump", ("dump",), True),
        (r"(?:pg_)?dump", ("pg_",), False),
        (r"(?:pg_)+dump", ("pg_",), True),
        (r"pg_du?mp", ("dump",), False),
        (r"(?i)PG_DUMP", ("pg_dump",), True),
        (r"(?i:pg_dump)", ("pg_dump",), False),
        (r"x(?!dump)", ("dump",), False),
    ],
)
def test_what_a_pattern_has_to_spell_out(source: str, words: tuple[str, ...], yes: bool) -> None:
    parsed = parser.parse(source)
    assert held(parsed, words, folds=bool(parsed.state.flags & re.IGNORECASE)) is yes


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_a_pattern_with_words_finds_what_one_without_finds(flags: int) -> None:
    source = r"(?P<tool>pg_dump|mysqldump)\s+(\w+)"
    ours, theirs = regex(source, flags, words=("pg_dump", "mysqldump")), re.compile(source, flags)
    for text in ("pg_dump app; mysqldump app", "PG_DUMP app", "pg_dump", "", "dump app"):
        for method in ("search", "match", "fullmatch"):
            found, expected = getattr(ours, method)(text), getattr(theirs, method)(text)
            assert (found and found.span()) == (expected and expected.span())
        assert [match.groupdict() for match in ours.finditer(text)] == [match.groupdict() for match in theirs.finditer(text)]
        assert ours.findall(text) == theirs.findall(text)
        assert ours.sub("x", text) == theirs.sub("x", text)
        assert (
            ours.search(text, 2, 20) == theirs.search(text, 2, 20)
            or ours.search(text, 2, 20).span() == theirs.search(text, 2, 20).span()
        )  # type: ignore[union-attr]
