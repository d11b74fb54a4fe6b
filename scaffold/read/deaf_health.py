"""Health routes whose handler asks the store, catches its failure, and answers all the same that everything is well."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_NAMES = r"(?:health\w*|status|readyz?|readiness|livez?|liveness|ping|heartbeat|up)"
_OF_NEXT = regex(rf"(?:^|/)app/(?P<path>(?:[\w()@.-]+/)*{_NAMES})/route\.[cm]?[jt]s$")
_GROUP = regex(r"\([^()]*\)/")
_JS_ROUTE = regex(rf"\.get\(\s*[\"'`](?P<path>/(?:[\w-]+/)*{_NAMES})[\"'`]\s*,")
_PY_ROUTE = regex(
    rf"^@\w+\.(?:get|route)\(\s*[\"'](?P<path>/(?:[\w-]+/)*{_NAMES})/?[\"'][^\n]*\n(?:@[^\n]*\n)*(?:async\s+)?def\s",
    re.MULTILINE,
)
_JS_ASKS = regex(
    r"\$connect\(|\$queryRaw|\.query\(\s*[\"'`]\s*select\s+1|\.ping\(|\.authenticate\(|select\s*1\b|\.command\(\s*\{\s*ping",
    re.IGNORECASE,
)
_PY_ASKS = regex(r"select\s+1\b|\.ping\(|\.command\(\s*[\"']ping|\.fetchval\(", re.IGNORECASE)
_JS_CATCHES = regex(r"\bcatch\s*(?:\([^()]*\)\s*)?\{|\.catch\(")
_PY_CATCHES = regex(r"^[ \t]+except\b", re.MULTILINE)
_SAYS_WELL = regex(
    r"[\"']?(?:status|ok|healthy)[\"']?\s*[:=]\s*(?:[\"'](?:ok|healthy|up|pass|alive)[\"']|true\b|True\b)", re.IGNORECASE
)
_SAYS_ILL = regex(
    r"\b[45]\d\d\b|\bthrow\b|\braise\b|process\.exit|\bnext\(\s*\w|HTTPException|SERVICE_UNAVAILABLE|INTERNAL_SERVER|statusCode|status_code"
    r"|\.status\(|[\"'](?:degraded|unhealthy|down|fail\w*|unavailable|not[ _-]?ready|critical)[\"']|\bok\s*:\s*+(?!true)",
    re.IGNORECASE,
)
_JS_END = regex(r"^\}\s*\)|^[ \t]+\}\s*\)\s*;?[ \t]*\n(?=\s*(?:\w+\.|\}|$))", re.MULTILINE)
_PY_END = regex(r"\n(?=[^\s)#])")
_LONGEST = 3000
"""Characters of a handler; a longer one is not judged."""


def deaf_health_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `deaf-health` fact at each health route that says the same whatever the store answers; the detail is its path,
    with `*` before it where a prefix may stand.
    """
    places = Places(path, text)
    python = path.endswith(".py")
    asks, catches = (_PY_ASKS, _PY_CATCHES) if python else (_JS_ASKS, _JS_CATCHES)
    for route, start, body in _handlers(path, text):
        asked = asks.search(body)
        if len(body) < _LONGEST and asked and catches.search(body) and _SAYS_WELL.search(body) and not _SAYS_ILL.search(body):
            yield CodeFact("deaf-health", route, places.at(start + asked.start()))


def _handlers(path: str, text: str) -> Iterator[tuple[str, int, str]]:
    """Yield the path, the offset and the text of each handler."""
    if path.endswith(".py"):
        for match in _PY_ROUTE.finditer(text):
            yield f"*{match['path']}", match.start(), text[match.start() : _end(text, match.end(), _PY_END)]
        return
    of_next = _OF_NEXT.search(path)
    if of_next:
        yield f"/{_GROUP.sub('', of_next['path'])}", 0, text
        return
    for match in _JS_ROUTE.finditer(text):
        yield f"*{match['path']}", match.start(), text[match.start() : _end(text, match.start(), _JS_END)]


def _end(text: str, start: int, end: re.Pattern[str]) -> int:
    found = end.search(text, start, start + _LONGEST)
    return found.end() if found else start + _LONGEST
