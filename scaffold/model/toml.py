"""TOML texts, read by the standard library where that takes time in proportion to their length."""

from __future__ import annotations

from scaffold.model.regex import regex

LONGEST_KEY = 200
"""Parts of a dotted key; for each further one the standard library copies all of those before it."""

_LONG_KEY = regex(rf"(?<![\w-])(?:(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+\.[ \t]*+){{{LONGEST_KEY}}}")


def read_toml(text: str) -> dict[str, object]:
    """Return what a TOML text holds; raises ValueError for what is none, and for what takes too long or too deep a stack."""
    import tomllib

    if _LONG_KEY.search(text):
        raise ValueError(f"a key of more than {LONGEST_KEY} parts")
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
