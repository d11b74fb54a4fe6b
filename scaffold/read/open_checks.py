"""Where code lets everybody in as long as the key that callers have to show is not set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.read.conditions import Condition, conditions_on_keys
from scaffold.read.lines import Places

_NAME = r"(?P<name>(?:process\.env\.|(?:\w+\.)*)[A-Za-z_]\w*)"
_EMPTY = (
    regex(rf"(?:^|[\s(])(?:not\s+|!\s*){_NAME}\s*\)?\s*$"),
    regex(rf"(?:^|[\s(]){_NAME}\s*(?:={{2,3}}|\bis)\s*(?:None|null|undefined|nil|\"\"|'')\s*(?:$|\)|\|\||\bor\b)"),
)
_WITH_KEY = regex(rf"^\s*\(?\s*{_NAME}\s*(?:\band\b|&&)(?P<rest>.*)$", re.DOTALL)
_COMMENTS = regex(r"^(?>\s*(?:#|//)[^\n]*\n?)+")
_GOES_ON = (
    r"return\s+(?:await\s+)?(?:next|handler|call_next|func|fn|f|view_func|view)\b|(?:await\s+)?next(?:\.ServeHTTP)?\("
    r"|h\.ServeHTTP\(|c\.Next\(\)|(?:filterChain|chain)\.doFilter\("
)
_SERVES = regex(rf"^\s*(?:{_GOES_ON})")
_LETS_IN = regex(
    rf"^\s*(?:{_GOES_ON}"
    r"|return\s+(?:True|true|None|nil)\s*;?\s*(?:$|\n)|return\s*;?\s*(?:$|\n)|pass\s*(?:$|\n))"
)
_REFUSES = regex(r"(?i)\braise\b|\bthrow\b|40[13]\b|50[0-9]\b|unauthori[sz]ed|forbidden|invalid|denied|abort\(|reject")
_ASKS_CALLER = regex(
    r"(?i)request|\breq\b|headers?\b|\bctx\b|query|authorization|bearer|credential|api_?key|secret_?key|\btoken\b"
)
_COMPARE = (
    r"(?:compare_digest|timingSafeEqual|ConstantTimeCompare|hash_equals|secure_compare)\([^\n]*{name}\b"
    r"|(?:={{2,3}}|!={{1,2}})\s*(?:f?[\"'`]Bearer[^\n]*)?{name}\b|{name}\s*(?:={{2,3}}|!={{1,2}})"
)
_READ = (
    r"(?:os\.(?:environ\.get|getenv)\(|System\.getenv\(|os\.Getenv\(|process\.env\[)\s*[\"'](?P<quoted>[A-Z][A-Z0-9_]+)[\"']"
    r"|os\.environ\[[\"'](?P<item>[A-Z][A-Z0-9_]+)[\"']\]|process\.env\.(?P<plain>[A-Z][A-Z0-9_]+)"
)
_REFUSES_AT_ONCE = regex(
    r"^\s*(?:\}\s*)?(?:return\s+(?:await\s+)?\w+\(\s*(?:[^()]*,\s*)?status(?:_code)?\s*=\s*40[13]|raise\s+HTTPException\([^()]*40[13]"
    r"|(?:return\s+)?\w+\.status\(40[13]\))"
)
_BEFORE = 1500
"""Characters before a condition in which its variable is set."""
_HELPER = 600
"""Characters of a function that reads a variable, at most."""
_AFTER = 500
"""Characters behind a condition in which the comparison stands that it passes over."""


def open_check_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `open-check` fact for each condition that goes on without a look at the caller where the key is empty; its
    detail is the name by which the code holds the key.
    """
    places = Places(path, text)
    for condition in conditions_on_keys(path, text):
        name, variable = _empty_key(condition.asks, text, condition.start)
        passes = name and _passes(condition, name, text)
        if not passes:
            variable = _only_with_key(condition, text)
        if variable:
            yield CodeFact("open-check", variable, places.at(condition.start))


def _empty_key(asks: str, text: str, start: int) -> tuple[str, str]:
    """Return the key whose emptiness alone a condition asks for, and what it is called where it is set; both are "" where the
    condition asks for something else.
    """
    names = {match["name"] for pattern in _EMPTY for match in pattern.finditer(asks)}
    if len(names) != 1 or re.search(r"\band\b|&&", asks):
        return "", ""
    name = next(iter(names))
    variable = _variable_of(name, text, start)
    return (name, variable) if variable else ("", "")


def _variable_of(name: str, text: str, start: int) -> str:
    """Return what a key is called where it is set: its own name in settings, else the variable behind it; "" for no key."""
    last = name.rpartition(".")[2]
    variable = last if last.isupper() or "." in name else _variable_behind(name, text, start)
    is_key = is_sensitive_name(variable) or variable.upper().endswith(("KEY", "SECRET", "TOKEN"))
    return variable if is_key else ""


def _only_with_key(condition: Condition, text: str) -> str:
    """Return the key without which a condition, whose block refuses, does not compare it with what the caller sent."""
    match = _WITH_KEY.match(condition.asks)
    if match is None or "||" in condition.asks or re.search(r"\bor\b", condition.asks):
        return ""
    name, rest = match["name"], match["rest"]
    compared = re.search(rf"(?:!={{1,2}}\s*(?:f?[\"'`]Bearer[^\n]*)?{re.escape(name)}\b|\b{re.escape(name)}\s*!={{1,2}})", rest)
    refuses = _REFUSES_AT_ONCE.match(condition.block) or _REFUSES.search(condition.block[:200])
    if compared is None or not refuses or not _ASKS_CALLER.search(rest.replace(name, "")):
        return ""
    return _variable_of(name, text, condition.start)


def _variable_behind(name: str, text: str, start: int) -> str:
    """Return the environment variable that a name got its value from, by a function of the file too; "" for none."""
    window = text[max(start - _BEFORE, 0) : start]
    words = r"(?m)^[ \t]*(?:const |let |var |String |final )*{name}\b[^=\n]{{0,40}}:?=[ \t]*([^\n]+)"
    given = list(re.finditer(words.format(name=re.escape(name)), window))
    if not given:
        return ""
    value = given[-1][1]
    call = re.fullmatch(r"(?:await\s+)?(?:self\.|this\.)?(\w+)\(\)\s*;?", value.strip())
    if call:
        made = re.search(rf"(?m)^[ \t]*(?:async[ \t]+)?(?:export[ \t]+)?(?:def|function|func)[ \t]+{call[1]}\(", text)
        body = text[made.end() : made.end() + _HELPER] if made else ""
        value = re.split(r"\n(?:async[ \t]+)?(?:def|function|func|class)\b", body)[0]
    found = list(re.finditer(_READ, value))
    return next((part for part in found[0].groups() if part), "") if len(found) == 1 else ""


def _passes(condition: Condition, name: str, text: str) -> bool:
    """Whether the block serves the request, and what follows compares the key with what the caller sent, and refuses others."""
    behind = text[condition.end : condition.end + _AFTER]
    block = _COMMENTS.sub("", condition.block.lstrip("\n"))
    if _SERVES.match(block) and _REFUSES_AT_ONCE.match(behind):
        return True
    compared = re.search(_COMPARE.format(name=re.escape(name)), behind)
    if compared is None or not _REFUSES.search(behind) or _REFUSES.search(condition.block):
        return False
    if not _ASKS_CALLER.search(behind[: compared.end() + 200]):
        return False
    return bool(_LETS_IN.match(block)) or _serves_the_same(block, behind)


def _serves_the_same(block: str, behind: str) -> bool:
    """Whether a block does what the branch behind it does for a caller with the right key."""
    first = next((line.strip() for line in block.split("\n") if line.strip()), "")
    return bool(re.search(r"\w\(", first)) and first in behind
