"""Conditions in code and the blocks behind them, in languages with braces and in Python."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_IF = regex(r"if\b")
_BEFORE_IF = regex(r"(?P<indent>[ \t]*)(?:\}[ \t]*)?(?:else[ \t]+|el)?")
_OF_KEYS = ("key", "secret", "token", "passw")
_HEADER = 600
"""Characters of a condition, at most."""
_BLOCK = 1200
"""Characters of what follows it, at most."""
_OPENS, _CLOSES = "([", ")]"
_STATEMENT = regex(r"\s*(?:return|throw|await|next)\b[^\n;]*")
"""What stands behind a condition in parentheses in the place of a block."""


@frozen
class Condition:
    """One `if`: what it asks, the text of its block, and the offsets of its own start and of its block's end."""

    asks: str
    block: str
    start: int
    end: int


@lru_cache(maxsize=4)
def conditions_on_keys(path: str, text: str) -> tuple[Condition, ...]:
    """Return the conditions that have a block and ask for a key, a secret, a token or a password, in the order of the text.

    The answer is remembered: several readers ask for those of a text, one after the other.
    """
    return tuple(_conditions(":" if path.endswith(".py") else "{", text)) if _is_of_keys(text) else ()


def _conditions(ends: str, text: str) -> Iterator[Condition]:
    for match in _IF.finditer(text):
        near = _is_of_keys(text[match.end() : match.end() + _HEADER])
        asks = _header(text, match.end(), ends) if near else ""
        line = text.rfind("\n", 0, match.start()) + 1
        before = _BEFORE_IF.fullmatch(text, line, match.start()) if asks and _is_of_keys(asks) else None
        if before is not None:
            block, end = _block(ends, text, match.end() + len(asks), len(before["indent"]))
            yield Condition(asks, block, before.end("indent"), end)


def _is_of_keys(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in _OF_KEYS)


def _header(text: str, start: int, ends: str) -> str:
    """Return a condition up to the mark that opens its block, "" where there is none near."""
    depth = 0
    for index in range(start, min(len(text), start + _HEADER)):
        char = text[index]
        depth += (char in _OPENS) - (char in _CLOSES)
        if char == ends and depth <= 0 and (ends == "{" or text[index + 1 : index + 2] in {"\n", "\r", " "}):
            return text[start:index]
        if char == ")" and depth == 0 and ends == "{" and _STATEMENT.match(text, index + 1):
            return text[start : index + 1]
    return ""


def _block(ends: str, text: str, asked: int, indent: int) -> tuple[str, int]:
    """Return what follows a condition that ends at an offset, and where that ends: a block, or one statement without braces."""
    if ends == "{" and (statement := _STATEMENT.match(text, asked)):
        return statement[0], statement.end()
    block = _braces(text, asked + 1) if ends == "{" else _indented(text, asked + 1, indent)
    return block, asked + 1 + len(block)


def _braces(text: str, opened: int) -> str:
    window = text[opened : opened + _BLOCK]
    depth = 1
    for index, char in enumerate(window):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return window[:index]
    return window


def _indented(text: str, opened: int, indent: int) -> str:
    kept: list[str] = []
    for line in text[opened : opened + _BLOCK].split("\n"):
        if kept and line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        kept.append(line)
    return "\n".join(kept)
