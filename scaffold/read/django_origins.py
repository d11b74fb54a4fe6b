"""Settings of Django that let pages of any site call with credentials as long as a variable is not set."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_BY_DEFAULT = regex(
    r"(?m)^CORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)[ \t]*=(?![ \t]*not\b)[^\n'\"#]{0,80}['\"](?P<name>\w+)['\"][ \t]*,[ \t]*"
    r"(?:default[ \t]*=[ \t]*)?['\"]?(?:True|true|TRUE|1)\b",
    words=("CORS_ALLOW_ALL_ORIGINS", "CORS_ORIGIN_ALLOW_ALL"),
)
"""A default in the read of a variable, at the outermost level: what stands below a condition is chosen."""
_CREDENTIALS = regex(r"(?m)^CORS_ALLOW_CREDENTIALS[ \t]*=[ \t]*True\b", words=("CORS_ALLOW_CREDENTIALS",))
_OF_ANY_SITE = regex(r"(?m)^(?:SESSION|CSRF)_COOKIE_SAMESITE[ \t]*=[ \t]*['\"][Nn]one['\"]", words=("COOKIE_SAMESITE",))


def django_origin_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `open-origins` fact where any origin is let in with credentials by default; its detail is the variable, behind
    it `cookies` where browsers send the session along from any site.
    """
    found = _BY_DEFAULT.search(text)
    if found and _CREDENTIALS.search(text):
        cookies = " cookies" if _OF_ANY_SITE.search(text) else ""
        yield CodeFact("open-origins", f"{found['name']}{cookies}", Places(path, text).at(found.start()))
