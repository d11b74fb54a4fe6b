"""What application code does with the address and the scheme of its visitors, and whether it takes them from a proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_TRUSTS = regex(
    r"trust[ _-]?prox(?:y|ies)|x[-_]forwarded[-_](?:for|proto)|\bforwarded_allow_ips|proxy_headers|ProxyHeadersMiddleware"
    r"|\bproxyfix\b|proxy_fix|SECURE_PROXY_SSL_HEADER|x-real-ip|cf-connecting-ip|real_ip|realip|forward-headers-strategy"
    r"|ForwardedHeaderFilter|\bassume_ssl\b|\bADDRESS_HEADER\b|getClientIp|client_ip\(|client-ip\(|clientip\(|ipware|IP_META_KEY|getTracker",
    re.IGNORECASE,
    words=(
        *("trust", "forwarded", "proxy_headers", "proxyheaders", "proxyfix"),
        *("proxy_fix", "proxy_ssl", "real-ip", "real_ip", "realip", "cf-connecting-ip", "forward-headers", "assume_ssl"),
        *("address_header", "clientip", "client_ip(", "client-ip(", "ipware", "ip_meta_key", "gettracker"),
    ),
)
_BELIEVES = regex(r"\.(?:set|enable)\(\s*[\"']trust proxy[\"']\s*(?:,\s*(?:true|1)\s*)?\)|\btrustProxy\s*:\s*true\b")
_LIMITS = regex(r"rate.?limit|throttl|too many|attempts?\b|brute", re.IGNORECASE)
_EXPRESS_LIMITER = regex(r"(?:from|require\()\s*[\"']express-rate-limit[\"']")
_LIMITER_CALL = regex(r"\brateLimit\(\s*\{|\brate[A-Z]?\w*\(\s*\{")
_NEST_LIMITER = regex(r"\bThrottlerModule\.forRoot")
_FASTIFY_LIMITER = regex(r"(?:from|require\(|import\()\s*[\"']@fastify/rate-limit[\"']")
_OWN_LIMIT = regex(r"\breq(?:uest)?\.ip\b", words=(".ip",))
_KIT_ADDRESS = regex(r"\bgetClientAddress\(\)")
_SESSION = regex(r"(?:from|require\()\s*[\"']express-session[\"']")
_SECURE_COOKIE = regex(r"\bsecure\s*:\s*(?P<value>true\b|process\.env\.NODE_ENV\s*===?\s*[\"']production[\"'])")
_SESSION_PROXY = regex(r"\bproxy\s*:\s*true\b")
_EXPRESS_REDIRECT = regex(r"(?:!\s*req\.secure|req\.protocol\s*!==?\s*[\"']https[\"'])[^;]{0,120}?\bredirect\(", re.DOTALL)
_STARLETTE_REDIRECT = regex(r"add_middleware\(\s*HTTPSRedirectMiddleware|Middleware\(\s*HTTPSRedirectMiddleware")
_SLOWAPI = regex(r"\bLimiter\(\s*key_func\s*=\s*get_remote_address\b")
_DJANGO_REDIRECT = regex(r"^(?P<indent>[ \t]*)SECURE_SSL_REDIRECT\s*=\s*(?P<value>True\b)?", re.MULTILINE)
_DJANGO_LIMITS = regex(r"^[ \t]*@(?:\w+\.)?ratelimit\([^)\n]*key\s*=\s*[\"']ip[\"']", re.MULTILINE)
_SPRING_REDIRECT = regex(r"\.requiresSecure\(\)|\bredirectToHttps\(")
_RAILS_REDIRECT = regex(r"^[ \t]*config\.force_ssl\s*=\s*true\b", re.MULTILINE)
_CHOICE = regex(r"\b(?:if|else|case)\b")
_CONDITION = regex(r"[ \t]*(?:if|elif|else|match|case)\b")


def proxy_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `proxy` fact for each thing that depends on the proxy before the application.

    The detail is a word and the framework: `redirects` plain requests to HTTPS (`redirects-if` below a condition), `counts`
    requests by the visitor's address (`keys` where it does so by code of its own), `cookie` for a session that only HTTPS
    carries; `trusts any` where code or settings speak of a proxy's headers at all, and `believes express` where it takes them
    from whoever connects.
    """
    places = Places(path, text)
    for pattern, word in ((_TRUSTS, "trusts any"), (_BELIEVES, "believes express")):
        found = pattern.search(text)
        chosen = found is not None and pattern is _BELIEVES and _CHOICE.search(_opening(text, found.start()))
        if found and not chosen and not _is_comment(text, found.start()):
            yield CodeFact("proxy", word, places.at(found.start()))
    for offset, word in (*_redirects(path, text), *_counts(path, text)):
        if not _is_comment(text, offset):
            yield CodeFact("proxy", word, places.at(offset))


def _opening(text: str, offset: int) -> str:
    """Return the line that opens the block of braces in which an offset is, "" outside of any."""
    depth = 0
    for place in range(offset - 1, max(offset - 4000, -1), -1):
        depth += {"}": 1, "{": -1}.get(text[place], 0)
        if depth < 0:
            return text[text.rfind("\n", 0, place) + 1 : place]
    return ""


def _redirects(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield where plain requests are sent to HTTPS."""
    if path.endswith(".py"):
        for match in _STARLETTE_REDIRECT.finditer(text):
            yield match.start(), f"redirects{_guard(text, match.start())} starlette"
        for match in _DJANGO_REDIRECT.finditer(text):
            guard = "" if match["value"] and not match["indent"] else "-if"
            yield match.end("indent"), f"redirects{guard} django"
    elif path.endswith(_SCRIPTS):
        found = _EXPRESS_REDIRECT.search(text)
        if found:
            yield found.start(), "redirects-if express"
    elif path.endswith("environments/production.rb"):
        found = _RAILS_REDIRECT.search(text)
        if found:
            yield found.start(), "redirects rails"
    elif path.endswith((".java", ".kt")):
        found = _SPRING_REDIRECT.search(text)
        if found:
            yield found.start(), "redirects-if spring"


def _counts(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield where requests are counted by address, and where a session needs HTTPS."""
    if path.endswith(".py"):
        slow, django = _SLOWAPI.search(text), _DJANGO_LIMITS.search(text)
        if slow and "slowapi" in text:
            yield slow.start(), "counts starlette"
        if slow is None and "flask_limiter" in text and "get_remote_address" in text:
            yield text.index("get_remote_address"), "counts flask"
        if django:
            yield django.start(), "counts django"
    elif path.endswith(_SCRIPTS):
        yield from _counts_in_scripts(text)


def _counts_in_scripts(text: str) -> Iterator[tuple[int, str]]:
    found = _LIMITER_CALL.search(text) if _EXPRESS_LIMITER.search(text) and "keyGenerator" not in text else None
    address = _KIT_ADDRESS.search(text) if _LIMITS.search(text) else None
    cookie = _SECURE_COOKIE.search(text) if _SESSION.search(text) and not _SESSION_PROXY.search(text) else None
    nest = _NEST_LIMITER.search(text) if "getTracker" not in text else None
    fastify = _FASTIFY_LIMITER.search(text) if "keyGenerator" not in text else None
    for match, framework in ((found, "express"), (nest, "express"), (fastify, "fastify")):
        if match:
            yield match.start(), f"counts {framework}"
    own = _OWN_LIMIT.search(text) if _LIMITS.search(text) and not found else None
    if own:
        yield own.start(), "keys express"
    if address:
        yield address.start(), "counts sveltekit"
    if cookie:
        yield cookie.start(), f"cookie{'' if cookie['value'] == 'true' else '-if'} express"


def _is_comment(text: str, offset: int) -> bool:
    start = text[text.rfind("\n", 0, offset) + 1 : offset].lstrip()
    return start.startswith(("#", "//", "*"))


def _guard(text: str, offset: int) -> str:
    """Return `-if` for a line of Python that stands below a condition."""
    lines = text[:offset].split("\n")
    depth = len(lines[-1]) - len(lines[-1].lstrip())
    for line in reversed(lines[:-1]):
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent < depth:
            if _CONDITION.match(line):
                return "-if"
            depth = indent
    return ""
