"""Secrets of Elixir that stand in the code: helpers around `System.get_env`, and attributes of a module as defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.project import SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.code import setting
from scaffold.read.lines import Places

_GETS = ("get_env(",)
_TEXT = r"\"(?P<value>[^\"\\\n#]{1,300})\""
_DEFAULT = rf"(?:{_TEXT}|@(?P<attribute>[a-z_]\w*)\b)"
_READ = regex(
    rf"\bget_env\(\s*\"(?P<name>[A-Z][A-Z0-9_]*)\"\s*(?:,\s*:\w+\s*)?(?:,\s*|\)\s*\|\|\s*){_DEFAULT}",
    words=_GETS,
)
_HELPER = regex(
    r"\bdefp?\s+(?P<helper>\w+[!?]?)\(\s*(?P<argument>[a-z_]\w*)\s*\)\s*(?:do\b|,\s*do:)\s*"
    rf"(?:(?P=argument)\s*\|>\s*System\.get_env\(\s*|System\.get_env\(\s*(?P=argument)\s*,\s*){_DEFAULT}\s*\)",
    words=("System.get_env(",),
)
_CALL = regex(r"(?<![\w.])(?P<helper>\w+[!?]?)\(\s*\"(?P<name>[A-Z][A-Z0-9_]*)\"\s*\)")
_ATTRIBUTE = regex(rf"(?m)^[^\S\n]*@(?P<attribute>[a-z_]\w*)[^\S\n]+{_TEXT}[^\S\n]*$")
_CONDITION = regex(r"\bif\b[^\n]{0,200}\b(?:config_env\(\)|Mix\.env(?:\(\))?)")
_MOST_LINES = 400
"""Lines before a place in which the conditions around it stand."""


def elixir_defaults(places: Places, bare: str, known: list[SettingDefault]) -> list[SettingDefault]:
    """Return the defaults of a file of Elixir: those that are known and those of its own forms, marked where the code takes
    them in development alone.
    """
    if "get_env(" not in bare:
        return known
    attributes = {match["attribute"]: match["value"] for match in _ATTRIBUTE.finditer(bare)}
    seen = {(item.name, item.location.line) for item in known}
    found = list(known)
    for name, value, offset in (*_read(bare, attributes), *_behind_helpers(bare, attributes)):
        where = places.at(offset)
        if value and is_sensitive_name(name) and (name, where.line) not in seen:
            found.append(setting(name, value, "fallback", where, guarded=False))
    lines = bare.split("\n")
    return [_marked(item, lines) if is_sensitive_name(item.name) else item for item in found]


def _read(bare: str, attributes: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    for match in _READ.finditer(bare):
        yield match["name"], _value(match, attributes), match.start()


def _behind_helpers(bare: str, attributes: dict[str, str]) -> Iterator[tuple[str, str, int]]:
    """Yield what a function of the file gives for each variable whose name it is called with."""
    helpers = {match["helper"]: _value(match, attributes) for match in _HELPER.finditer(bare)}
    for match in _CALL.finditer(bare) if helpers else ():
        if match["helper"] in helpers:
            yield match["name"], helpers[match["helper"]], match.start()


def _value(match: re.Match[str], attributes: dict[str, str]) -> str:
    return match["value"] or attributes.get(match["attribute"] or "", "")


def _marked(item: SettingDefault, lines: list[str]) -> SettingDefault:
    return replace(item, guarded=True) if _is_for_development(lines, item.location.line - 1) else item


def _is_for_development(lines: list[str], index: int) -> bool:
    """Whether a condition on the environment around a line holds in development and tests alone."""
    depth, is_other = _indent(lines[index]), False
    for line in reversed(lines[max(index - _MOST_LINES, 0) : index]):
        if not line.strip() or _indent(line) > depth or (_indent(line) == depth and not is_other):
            continue
        depth = _indent(line)
        word = line.strip()
        if word == "else":
            is_other = True
            continue
        if _CONDITION.search(line) and _excludes_production(line) is not is_other:
            return True
        is_other = False
    return False


def _excludes_production(condition: str) -> bool:
    """Whether a condition holds where production does not run; of production alone it holds where it does."""
    denied = "!=" in condition or "not in" in condition or " not " in condition
    return (":prod" in condition) is denied


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
