"""Names of variables that mean the same, one word written for another."""

from __future__ import annotations

_SAME = {
    "URI": "URL",
    "PASS": "PASSWORD",
    "PWD": "PASSWORD",
    "USERNAME": "USER",
    "DATABASE": "DB",
    "MONGO": "MONGODB",
    "POSTGRES": "POSTGRESQL",
    "ADDR": "ADDRESS",
    "DIRECTORY": "DIR",
}
"""Words that people write for one another."""


def plain_words(name: str) -> tuple[str, ...]:
    """Return the words of a name in upper case, one of those that people write for one another standing for all of them."""
    return tuple(_SAME.get(word, word) for word in name.upper().split("_"))
