"""Commands as a message shows them: without options, addresses and assignments, which may hold a credential."""

from __future__ import annotations

from itertools import takewhile

from scaffold.model.regex import regex

_PLAIN = regex(r"(?!\w+://)[\w.][\w./:-]*")
_LAST = regex(r"(?!\w+://)[\w.][\w./:-]*|--?[a-z][a-z-]*")


def shown_words(text: str) -> str:
    """Return the words of a command up to its first option or value, and its last word where that is a plain one."""
    words = text.split()
    first = list(takewhile(_PLAIN.fullmatch, words))
    if len(first) == len(words):
        return " ".join(first)
    return " ".join((*first, "...", *(words[-1:] if _LAST.fullmatch(words[-1]) else ())))


def shown_until(text: str, start: int, end: int) -> str:
    """Return the words of a command up to `end`, those before `start` and those after it each as `shown_words` has them."""
    before = list(takewhile(_PLAIN.fullmatch, text[:start].split()))
    left_out = ["..."] if len(before) < len(text[:start].split()) else []
    return " ".join((*before, *left_out, shown_words(text[start:end])))
