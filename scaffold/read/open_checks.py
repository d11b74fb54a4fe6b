"""Where code lets everybody in as long as the key that callers have to show is not set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import is_sensitive_name
from scaffold.read.conditions import Condition, conditions_on_keys
from scaffold.read.lines import Places

_NAME = r"(?P<name>(?:process\.env\.|(?:[\w]+\.)*)[A-Za-z_]\w*)"
_EMPTY = (
    regex(rf"(?:^|[\s(])(?:not\s+|!\s*){_NAME}\s*\)?\s*$"),
    regex(rf"(?:^|[\s(]){_NAME}\s*(?:={{2,3}}|\bis)\s*(?:None|null|undefined|nil|\"\"|'')\s*(?:$|\)|\|\||\bor\b)"),
)
_LETS_IN = regex(
    r"^\s*(?:return\s+(?:await\s+)?(?:next|handler|call_next)\b|next(?:\.ServeHTTP)?\(|c\.Next\(\)"
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
_AFTER = 500
"""Characters behind a condition in which the comparison stands that it passes over."""


def open_check_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `open-check` fact for each condition that goes on without a look at the caller where the key is empty; its
    detail is the name by which the code holds the key.
    """
    places = Places(path, text)
    for condition in conditions_on_keys(path, text):
        name = _empty_key(condition.asks)
        if name and _passes(condition, name, text):
            yield CodeFact("open-check", name.rpartition(".")[2], places.at(condition.start))


def _empty_key(asks: str) -> str:
    """Return the key whose emptiness alone a condition asks for, "" where it asks for something else."""
    names = {match["name"] for pattern in _EMPTY for match in pattern.finditer(asks)}
    if len(names) != 1 or re.search(r"\band\b|&&", asks):
        return ""
    name = next(iter(names))
    last = name.rpartition(".")[2]
    is_setting = last.isupper() or "." in name
    is_key = is_sensitive_name(last) or last.upper().endswith(("KEY", "SECRET", "TOKEN"))
    return name if is_setting and is_key else ""


def _passes(condition: Condition, name: str, text: str) -> bool:
    """Whether the block serves the request, and what follows compares the key with what the caller sent, and refuses others."""
    behind = text[condition.end : condition.end + _AFTER]
    compared = re.search(_COMPARE.format(name=re.escape(name)), behind)
    if compared is None or not _REFUSES.search(behind) or _REFUSES.search(condition.block):
        return False
    if not _ASKS_CALLER.search(behind[: compared.end() + 200]):
        return False
    return bool(_LETS_IN.match(condition.block)) or _serves_the_same(condition.block, behind)


def _serves_the_same(block: str, behind: str) -> bool:
    """Whether a block does what the branch behind it does for a caller with the right key."""
    first = next((line.strip() for line in block.split("\n") if line.strip()), "")
    return bool(re.search(r"\w\(", first)) and first in behind
