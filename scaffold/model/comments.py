"""Comments of code that fill whole lines: what a program is said to do is not what it does."""

from __future__ import annotations

from scaffold.model.regex import regex

_COMMENT = regex(r"(?m)^[ \t]*+(?://|#(?!\[)|/?\*(?=[\s*/]|$)).*$")
"""`#[` begins an attribute of Rust and PHP."""


def without_comments(text: str) -> str:
    """Return a text of the same length whose lines that are comments are blank."""
    return _COMMENT.sub(lambda comment: " " * len(comment[0]), text)
