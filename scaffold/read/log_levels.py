"""Python code that hands the level of a variable to `logging` as it comes, which then judges the spelling."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_Glance = Callable[[str], str | None]
_SITE = regex(
    r"(?:\bbasicConfig\((?:[^()]|\((?:[^()]|\([^()]*\))*\)){0,2000}?\blevel\s*=\s*|\.setLevel\(\s*)(?P<value>(?:[^(),\n]|\([^()\n]*\))+)"
)
_VARIABLE = regex(
    r"os\.(?:getenv|environ\.get)\(\s*[\"'](?P<get>\w+)[\"']\s*(?:,[^()]*)?\)|os\.environ\[[\"'](?P<item>\w+)[\"']\]"
)
_FIELD = regex(
    r"(?:\w+\.)*(?:\w*settings|config|cfg|conf|get_settings\(\)|get_config\(\))\.(?P<name>\w*level\w*)", re.IGNORECASE
)
_NAME = regex(r"[A-Za-z_]\w*")
_ALIAS = regex(r"\b(?:alias|validation_alias|env)\s*=\s*[\"'](\w+)[\"']")
_PREFIX = regex(r"\benv_prefix\s*=\s*[\"'](\w*)[\"']")
_CHANGES = regex(r"\.(?:upper|lower)\(\)|getLevelName")
_HOLDER = regex(r"(?m)^(?P<indent>[ \t]*)(?:async[ \t]+)?def[ \t]+(?P<name>\w+)")


def log_level_facts(marked: Iterable[str], code: Iterable[str], glance: _Glance) -> Iterator[CodeFact]:
    """Yield a `log-level` fact (detail: the variable) for each place that passes a variable on as it comes.

    `marked` are the files that set up logging; `code` is all code, in which settings and calls are looked up.
    """
    texts = [text for path in code if path.endswith(".py") and (text := glance(path)) is not None]
    for path in marked:
        text = glance(path) or ""
        for match in _SITE.finditer(text):
            name = _variable_of(match["value"].strip(), text, texts)
            if name and _is_called(text, match.start(), texts):
                yield CodeFact("log-level", name, Places(path, text).at(match.start("value")))


def _variable_of(value: str, text: str, texts: list[str]) -> str:
    """Return the variable whose value an expression is, "" where that cannot be told or the code changes it."""
    asked, field = _VARIABLE.fullmatch(value), _FIELD.fullmatch(value)
    if asked:
        return asked["get"] or asked["item"]
    if field:
        return _of_field(field["name"], texts)
    given = re.findall(rf"(?m)^[ \t]*{value}[ \t]*(?::[^=\n]+)?=[ \t]*([^\n#]+)", text) if _NAME.fullmatch(value) else []
    inner = given[0].strip() if len(given) == 1 else ""
    return _variable_of(inner, "", texts) if inner and inner != value and not _NAME.fullmatch(inner) else ""


def _of_field(name: str, texts: list[str]) -> str:
    """Return the variable that a field of settings is read from, where one class alone has the field and nothing changes it."""
    pattern = re.compile(rf"(?m)^[ \t]+{name}[ \t]*(?P<type>:[ \t]*str\b[^=\n]*)?=[ \t]*(?P<value>[^\n]+)")
    found = [(text, match) for text in texts if name in text and (match := pattern.search(text))]
    if len(found) != 1:
        return ""
    text, match = found[0]
    asked = _VARIABLE.fullmatch(match["value"].strip())
    if asked:
        return asked["get"] or asked["item"]
    if not match["type"] or "BaseSettings" not in text or _CHANGES.search(text) or re.search(rf"validator\([^)]*{name}", text):
        return ""
    alias, prefix = _ALIAS.search(match["value"]), _PREFIX.search(text)
    return alias[1] if alias else f"{prefix[1] if prefix else ''}{name}".upper()


def _is_called(text: str, place: int, texts: list[str]) -> bool:
    """Whether a place stands at the top of its module, or in a function that code calls."""
    line = text[text.rfind("\n", 0, place) + 1 :]
    depth = len(line) - len(line.lstrip())
    holder = next((match for match in reversed(list(_HOLDER.finditer(text, 0, place))) if len(match["indent"]) < depth), None)
    if holder is None or not depth or holder["name"].startswith("__"):
        return True
    call = re.compile(rf"(?<!def )\b{holder['name']}\(")
    return any(holder["name"] in other and call.search(other) for other in texts)
