"""Names of Compose files that scripts and Makefiles keep in variables: `STACK_FILE="stack.prod.yml"`, then `-c $STACK_FILE`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from scaffold.model.regex import regex

_SETS = regex(
    r"(?m)^[ \t]*(?:(?:export|readonly|local|override)[ \t]+)?(?P<name>[A-Za-z_]\w{0,60})[ \t]*[:?]?="
    r"[ \t]*(?P<value>[^\n]{0,400}?(?:\.yml|\.yaml)[^\n#]{0,400})",
    words=(".yml", ".yaml"),
)
_LOOKS_UP = regex(
    r"[\"']?\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?:\[[@*]\])?(?::?-(?P<default>[^{}\n]{0,200}))?\}"
    r"|\((?P<made>[A-Za-z_]\w*)\))[\"']?"
)
_MOST_VALUES = 8
"""Values of one variable that are looked at: one for each environment that a script knows."""


def file_values(text: str) -> dict[str, tuple[str, ...]]:
    """Return what each variable of a script or Makefile is set to where that names a YAML file, without its quotes."""
    found: dict[str, tuple[str, ...]] = {}
    for match in _SETS.finditer(text):
        value = match["value"].strip().strip("()\"'").strip()
        known = found.get(match["name"], ())
        if value not in known and len(known) < _MOST_VALUES:
            found[match["name"]] = (*known, value)
    return found


def filled_in(line: str, values: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return a line with each of the values that its variables have, those that an expansion names as its default included."""
    looked_up = {match["bare"] or match["braced"] or match["made"] for match in _LOOKS_UP.finditer(line)}
    rounds = max((len(values.get(name, ())) for name in looked_up), default=0)
    return tuple(_once(line, values, at) for at in range(max(rounds, 1)))


def _once(line: str, values: Mapping[str, tuple[str, ...]], at: int) -> str:
    def value(match: re.Match[str]) -> str:
        known = values.get(match["bare"] or match["braced"] or match["made"], ())
        return known[min(at, len(known) - 1)] if known else match["default"] or match[0]

    return _LOOKS_UP.sub(value, line)
