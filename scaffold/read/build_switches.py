"""Variables of a frontend's build: those that its tool writes into the pages, and switches for made-up data or logins."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.bundlers import BUNDLERS
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_SWITCH = regex(
    r"\b(?:import\.meta\.env|process\.env)\.(?P<name>(?:VITE|NEXT_PUBLIC|REACT_APP|VUE_APP|NUXT_PUBLIC|GATSBY|EXPO_PUBLIC)"
    r"(?:_APP)?(?:_(?:USE|ENABLE|WITH))?_(?:MOCKS?|MOCKING|FAKE|DEMO)"
    r"(?:_(?:DATA|APIS?|MODE|AUTH|LOGIN|BACKEND|SERVER|SERVICES?|ENABLED))*)\b"
)
"""Reads of switches that the tools put into the bundle, as the prefix of their name says."""
_BUNDLED = regex(rf"\b(?:import\.meta\.env|process\.env)\??(?:\.|\[['\"])(?P<name>(?:{'|'.join(BUNDLERS)})\w+)")


def bundled_read_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `bundled-read` fact for each variable that code takes from its build, at its first place."""
    return _first_reads("bundled-read", _BUNDLED, path, text)


def build_switch_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `build-switch` fact for each switch for made-up data or logins that code takes so, at its first place."""
    return _first_reads("build-switch", _SWITCH, path, text)


def _first_reads(kind: str, pattern: re.Pattern[str], path: str, text: str) -> Iterator[CodeFact]:
    places = Places(path, text)
    seen: set[str] = set()
    for match in pattern.finditer(text):
        if match["name"] not in seen:
            seen.add(match["name"])
            yield CodeFact(kind, match["name"], places.at(match.start()))
