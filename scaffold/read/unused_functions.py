"""Checks in functions that no code of the project takes, in modules from which it takes others by their names: Python."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.paths import is_test_code

_FUNCTION = regex(r"(?:async[ \t]+)?def[ \t]+(?P<name>\w+)")
_AT_THE_TOP = regex(rf"(?m)^{_FUNCTION.pattern}")
_WORD = regex(r"\w+")
_COMMENT = regex(r"#[^\n]*")
_IMPORTED = regex(r"(?m)^[ \t]*from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]+(?P<names>\([^)]{1,2000}\)|[^\n(]{1,500})")
_QUOTES = ('"""', "'''")
_NAMES_CODE = (".py", ".pyi", ".toml", ".cfg", ".ini", ".yml", ".yaml", ".json", ".sh")
"""Files that may take a function of Python by its name."""


def without_unused_checks(
    facts: tuple[CodeFact, ...], paths: Iterable[str], glance: Callable[[str], str | None]
) -> tuple[CodeFact, ...]:
    """Return the facts, those of checks as not reachable that stand in a function at the top of a module which nothing but
    tests names, where other code imports other functions of the same module by their names. A decorator hands its
    function over.
    """
    found = {fact: name for fact in facts if fact.kind == "open-check" and (name := _function_around(fact.location, glance))}
    if not found:
        return facts
    codes = [_bare_code(path, glance(path) or "") for path in paths if path.endswith(_NAMES_CODE) and not is_test_code(path)]
    imported = _imported(codes)
    idle = {
        fact
        for fact, name in found.items()
        if _is_named_once(name, codes) and _gives_functions(fact.location.path, imported, glance)
    }
    return tuple(replace(fact, reachable=False) if fact in idle else fact for fact in facts)


def _function_around(place: Location, glance: Callable[[str], str | None]) -> str:
    """Return the function at the top of the module that a place stands in, "" for none and a decorated one."""
    text = glance(place.path) if place.path.endswith(".py") else None
    rows = (text or "").split("\n")[: place.line]
    for number in range(len(rows) - 1, -1, -1):
        row = rows[number]
        if row[:1] in {"", " ", "\t", ")", "#"}:
            continue
        match = _FUNCTION.match(row)
        above = rows[number - 1] if number else ""
        return match["name"] if match is not None and above[:1] not in {"@", ")", " ", "\t"} else ""
    return ""


def _is_named_once(name: str, codes: list[str]) -> bool:
    named = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    return sum(len(named.findall(code)) for code in codes if name in code) == 1


def _gives_functions(path: str, imported: dict[str, str], glance: Callable[[str], str | None]) -> bool:
    """Whether other code imports functions of a module by their names, and nowhere all of them."""
    names = imported.get(posixpath.basename(path).removesuffix(".py"), "*")
    own = {match["name"] for match in _AT_THE_TOP.finditer(glance(path) or "")}
    return "*" not in names and not own.isdisjoint(_WORD.findall(names))


def _imported(codes: list[str]) -> dict[str, str]:
    """Return what code takes from modules, by the last word of their names."""
    found: dict[str, list[str]] = {}
    for match in (match for code in codes for match in _IMPORTED.finditer(code)):
        found.setdefault(match["module"].rpartition(".")[2], []).append(match["names"])
    return {module: " ".join(names) for module, names in found.items()}


def _bare_code(path: str, text: str) -> str:
    """Return a text, that of Python without comments and what stands in three quotes."""
    for quotes in _QUOTES if path.endswith(".py") else ():
        parts = text.split(quotes)
        text = "".join(parts[::2]) if len(parts) % 2 else text
    return _COMMENT.sub("", text)
