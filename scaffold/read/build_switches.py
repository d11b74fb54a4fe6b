"""Variables of a frontend's build: those that its tool writes into the pages, and switches for made-up data or logins."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_READ = regex(
    r"\b(?:import\.meta\.env|process\.env)\.(?P<name>(?:VITE|NEXT_PUBLIC|REACT_APP|VUE_APP|NUXT_PUBLIC|GATSBY|EXPO_PUBLIC)"
    r"(?:_APP)?(?:_(?:USE|ENABLE|WITH))?_(?:MOCKS?|MOCKING|FAKE|DEMO)"
    r"(?:_(?:DATA|APIS?|MODE|AUTH|LOGIN|BACKEND|SERVER|SERVICES?|ENABLED))*)\b"
)
"""The names of variables that the tools put into the bundle, as their prefix says."""


_PREFIXES = "NEXT_PUBLIC_|VITE_|REACT_APP_|VUE_APP_|GATSBY_|EXPO_PUBLIC_"
_BUNDLED = regex(rf"\b(?:import\.meta\.env|process\.env)\??(?:\.|\[['\"])(?P<name>(?:{_PREFIXES})\w+)")


def bundled_read_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `bundled-read` fact for each variable that code takes from its build, at its first place."""
    places = Places(path, text)
    seen: set[str] = set()
    for match in _BUNDLED.finditer(text):
        if match["name"] not in seen:
            seen.add(match["name"])
            yield CodeFact("bundled-read", match["name"], places.at(match.start()))


def build_switch_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `build-switch` fact where code reads such a variable of its build, the first place of each."""
    places = Places(path, text)
    seen: set[str] = set()
    for match in _READ.finditer(text):
        if match["name"] not in seen:
            seen.add(match["name"])
            yield CodeFact("build-switch", match["name"], places.at(match.start()))
