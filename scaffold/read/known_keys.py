"""Where code knows that a key is one of the published defaults, and only warns before it goes on with it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.conditions import conditions_on_keys
from scaffold.read.lines import Places

_MAY_KNOW = regex(
    r"(?i)(?:default|known|insecure|shipped|published)\w*(?:key|secret|hash|token|passw)|(?:key|secret|token|passw\w*)\s*={2,3}\s*[\"'`]"
)
"""Texts without this compare no key with a published one."""
_DEFAULTS = regex(r"(?i)default|known|insecure|shipped|published|compromised")
_OF_KEYS = regex(r"(?i)key|secret|hash|token|passw")
_IN_ONE_WORD = regex(r"(?i)(?:jwt|session|signing|app|api)_?(?:secret|key)$")
_COMPARES = regex(r"={2,3}|(?<!\bnot)\s\bin\b|\.(?:includes|has|equals|[cC]ontains|include\?)\(")
_DIFFERS = regex(r"!=|\bnot\s+in\b")
_LITERAL = regex(r"={2,3}\s*(?P<mark>[\"'`])(?P<value>[^\"'`\s$]{4,200})(?P=mark)")
_IDENTIFIER = regex(r"(?<![\"'`\w])[A-Za-z_][\w.]*(?![\w\"'`])")
_WARNS = regex(r"(?i)\bwarn|\blog(?:ger|ging)?\b|\bprint|console\.|\bfmt\.|\bslog\b|\bputs\b")
_SAYS_WHY = regex(r"(?i)default|insecure|change|known|unsafe|security|production|random")
_REFUSES = regex(
    r"(?i)\braise\b|\bthrow\b|\bexit\b|fatal|\bpanic|\bdie\b|\babort\b|\breturn\b|errors?\.|\.append\(|\.push\(|\bbail\b|\bcritical\b"
)


def known_key_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `known-key` fact for each condition that compares a key with published ones and whose block only warns."""
    found = tuple(_warned_of(path, text))
    # Asked last: it takes longer to say of a text than to find that none of its conditions is one.
    if found and _MAY_KNOW.search(text):
        places = Places(path, text)
        yield from (CodeFact("known-key", name, places.at(start)) for name, start in found)


def _warned_of(path: str, text: str) -> Iterator[tuple[str, int]]:
    """Yield the key that each such condition compares, and its offset."""
    for condition in conditions_on_keys(path, text):
        if not _COMPARES.search(condition.asks) or _DIFFERS.search(condition.asks):
            continue
        names = _keys(condition.asks)
        if names and _asks_for_published(condition.asks) and _only_warns(condition.block, names):
            yield names[-1], condition.start


def _keys(header: str) -> list[str]:
    """Return the names in a condition that keep a key of the system, the public half of a pair left out."""
    names = [name.rpartition(".")[2] for name in _IDENTIFIER.findall(header)]
    keys = (name for name in names if is_sensitive_name(name) or _IN_ONE_WORD.search(name))
    own = [name for name in keys if not _DEFAULTS.search(name) and not name.lower().startswith("hash")]
    return [name for name in dict.fromkeys(own) if _OF_KEYS.search(name)]


def _asks_for_published(header: str) -> bool:
    """Whether a condition names a collection or constant of default keys, or spells out a value that stands in for one."""
    named = any(_DEFAULTS.search(name) and _OF_KEYS.search(name) for name in _IDENTIFIER.findall(header))
    literal = _LITERAL.search(header)
    spelled = literal is not None and (
        classify(literal["value"]) in {SecretClass.PLACEHOLDER, SecretClass.RANDOM} or bool(_DEFAULTS.search(literal["value"]))
    )
    return named or spelled


def _only_warns(block: str, names: list[str]) -> bool:
    """Whether a block says so and does nothing about it: it neither ends the program nor gives the key another value."""
    bare = re.sub(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`", '""', block)
    if not _WARNS.search(bare) or _REFUSES.search(bare) or not _SAYS_WHY.search(block):
        return False
    return not any(re.search(rf"(?<!\w){re.escape(name)}\s*:?=(?!=)", bare) for name in names)
