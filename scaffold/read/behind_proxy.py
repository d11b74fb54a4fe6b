"""What application code does with the address and the scheme of its visitors, and whether it takes them from a proxy."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.address_limits import SCRIPTS, address_limits, keeps_own_key
from scaffold.read.lines import Places, is_comment

_TRUSTS = regex(
    r"trust[ _-]?prox(?:y|ies)|\bforwarded_allow_ips|proxy_headers|ProxyHeadersMiddleware|\bproxyfix\b|proxy_fix"
    r"|SECURE_PROXY_SSL_HEADER|forward-headers-strategy|server\.tomcat\.remoteip|ForwardedHeaderFilter|\bassume_ssl\b|\bADDRESS_HEADER\b"
    r"|ipware|IP_META_KEY|\bRealIP\b|LimitByRealIP|KnownNetworks|KnownProxies|KnownIPNetworks|KnownIPProxies|SmartIpKeyExtractor|\bproxyHeader\s*:"
    r"|\bapp\.proxy\s*=|new Koa\(\s*\{\s*proxy",
    re.IGNORECASE,
    words=(
        *("trust", "forwarded", "proxy_headers", "proxyheaders", "proxyfix", "proxyheader", "new koa(", "app.proxy"),
        *("proxy_fix", "proxy_ssl", "realip", "forward-headers", "assume_ssl", "remoteip", "knownnetworks", "knownproxies"),
        *("knownipnetworks", "knownipproxies", "address_header", "ipware", "ip_meta_key", "smartipkeyextractor"),
    ),
)
"""Switches by which a framework learns of its proxy."""
_PHP_TRUSTS = regex(
    r"\$proxies\s*=\s*(?!null)|\btrustProxies\(|\bsetTrustedProxies\(|\bTRUSTED_PROX(?:Y|IES)\b",
    words=("proxies", "rustProxies(", "TrustedProxies(", "TRUSTED_PROX"),
)
"""The same of Laravel and Symfony, whose middleware stands in every project and trusts nobody until it is told."""
_READS = regex(
    r"x[-_]forwarded[-_](?:for|proto)|x-real-ip|cf-connecting-ip|real_ip|realip|getClientIp|client_ip\(|client-ip\(|clientip\(",
    re.IGNORECASE,
    words=(
        *("forwarded", "real-ip", "real_ip", "realip", "cf-connecting-ip"),
        *("clientip", "client_ip(", "client-ip("),
    ),
)
"""Code that reads the headers of a proxy by hand, or by a helper."""
_BELIEVES = regex(r"\.(?:set|enable)\(\s*[\"']trust proxy[\"']\s*(?:,\s*(?:true|1)\s*)?\)|\btrustProxy\s*:\s*true\b")
_SPRING_BELIEVES = (
    "heeds spring",
    regex(
        r"(?m)^[ \t]*(?:server\.)?forward-headers-strategy[ \t]*[:=][ \t]*(?i:framework|native)\b", words=("forward-headers",)
    ),
)
_BELIEVES_IN = {
    ".php": (
        "believes laravel",
        regex(r"\btrustProxies\(\s*(?:at:\s*)?\[?\s*[\"']\*|\$proxies\s*=\s*\[?\s*[\"']\*", words=("rustProxies(", "proxies")),
    ),
    ".go": ("believes chi", regex(r"\.Use\([^()\n]{0,80}\b(?:\w+\.)?RealIP\b", words=("RealIP",))),
    ".cs": (
        "heeds aspnet",
        regex(r"\bKnown(?:IP)?(?:Networks|Proxies)\.Clear\(\)", words=(".Clear()",)),
    ),
    ".py": ("heeds flask", regex(r"\.wsgi_app\s*=\s*ProxyFix\(", words=("ProxyFix(",))),
    ".yml": _SPRING_BELIEVES,
    ".yaml": _SPRING_BELIEVES,
    ".properties": _SPRING_BELIEVES,
}
"""The same in other languages; a framework `heeds` the last address alone, which a proxy writes, or those of its network."""
_GIN = regex(r"\bgin\.(?:New|Default)\(", words=("gin.",))
"""Gin, which believes everybody until it is told whom: SetTrustedProxies (its documentation, "Don't trust all proxies")."""
_GIN_NAMES = regex(
    r"\.(?:SetTrustedProxies\(|TrustedPlatform\b|ForwardedByClientIP\b)",
    words=("SetTrustedProxies(", "TrustedPlatform", "ForwardedByClientIP"),
)
_HEEDS_PRIVATE = regex(r"\.set\(\s*[\"']trust proxy[\"']\s*,[^()\n]{0,120}\buniquelocal\b", words=("uniquelocal",))
"""Express that believes private networks, of which the gateway of Docker is one: through it come those from outside."""
_SESSION = regex(r"(?:from|require\()\s*[\"']express-session[\"']")
_SECURE_COOKIE = regex(r"\bsecure\s*:\s*(?P<value>true\b|process\.env\.NODE_ENV\s*===?\s*[\"']production[\"'])")
_SESSION_PROXY = regex(r"\bproxy\s*:\s*true\b")
_EXPRESS_REDIRECT = regex(r"(?:!\s*req\.secure|req\.protocol\s*!==?\s*[\"']https[\"'])[^;]{0,120}?\bredirect\(", re.DOTALL)
_STARLETTE_REDIRECT = regex(r"add_middleware\(\s*HTTPSRedirectMiddleware|Middleware\(\s*HTTPSRedirectMiddleware")
_DJANGO_REDIRECT = regex(r"^(?P<indent>[ \t]*)SECURE_SSL_REDIRECT\s*=\s*(?P<value>True\b)?", re.MULTILINE)
_SPRING_REDIRECT = regex(r"\.requiresSecure\(\)|\bredirectToHttps\(")
_RAILS_REDIRECT = regex(r"^[ \t]*config\.force_ssl\s*=\s*true\b", re.MULTILINE)
_PHOENIX_FORCES = regex(r"(?m)^(?P<indent>[ \t]*)(?:config [^#\n]*)?force_ssl:[ \t]*\[", words=("force_ssl",))
_CHOICE = regex(r"\b(?:if|else|case)\b")
_CONDITION = regex(r"[ \t]*(?:if|elif|else|match|case)\b")


def proxy_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `proxy` fact for each thing that depends on the proxy before the application.

    The detail is a word and the framework: `redirects` plain requests to HTTPS (`redirects-if` below a condition), `forces`
    HTTPS for all but what a proxy says (`forces-if`), `counts`
    requests by the visitor's address (`keys` where it does so by code of its own), `cookie` for a session that only HTTPS
    carries; `trusts any` where code or settings tell a framework of its proxy, or Nest's limiter of a key of its own,
    `reads any` where code takes a proxy's headers by hand, and `believes` where a framework takes them from whoever connects,
    the first of several (`names` where Gin is told whom to believe); `heeds` where it takes the last one, or believes those of
    private networks.
    """
    places = Places(path, text)
    trusts = _PHP_TRUSTS if path.endswith(".php") else _TRUSTS
    for pattern, word in ((trusts, "trusts any"), (_READS, "reads any"), (_BELIEVES, "believes express")):
        found = _first(pattern, text)
        chosen = found is not None and pattern is _BELIEVES and _CHOICE.search(_opening(text, found.start()))
        if found and not chosen:
            yield CodeFact("proxy", word, places.at(found.start()))
    word, pattern = _BELIEVES_IN.get(f".{path.rpartition('.')[2]}", ("heeds express", _HEEDS_PRIVATE))
    believed = _first(pattern, text)
    if believed and not _is_chosen(path, text, believed.start()):
        yield CodeFact("proxy", word, places.at(believed.start()))
    for pattern, word in ((_GIN, "believes gin"), (_GIN_NAMES, "names gin")) if path.endswith(".go") else ():
        found = _first(pattern, text)
        if found is not None:
            yield CodeFact("proxy", word, places.at(found.start()))
    tracker = text.find("getTracker")
    if tracker >= 0 and keeps_own_key(text):
        yield CodeFact("proxy", "trusts any", places.at(tracker))
    limits = ((limit.offset, f"{limit.word} {limit.framework}") for limit in address_limits(path, text))
    for offset, word in (*_redirects(path, text), *_forced(path, text), *limits, *_sessions(path, text)):
        if not is_comment(text, offset):
            yield CodeFact("proxy", word, places.at(offset))


def _is_chosen(path: str, text: str, offset: int) -> bool:
    """Whether a condition of the code decides about a line."""
    return bool(_guard(text, offset) if path.endswith(".py") else _CHOICE.search(_opening(text, offset)))


def _first(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Return the first match outside of a comment."""
    return next((match for match in pattern.finditer(text) if not is_comment(text, match.start())), None)


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
    elif path.endswith(SCRIPTS):
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


def _forced(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield where a configuration of Phoenix, which believes what its proxy says, has HTTPS for all."""
    for match in _PHOENIX_FORCES.finditer(text) if path.endswith(("config/prod.exs", "config/runtime.exs")) else ():
        yield match.end("indent"), f"forces{_elixir_guard(text, match)} phoenix"


def _elixir_guard(text: str, match: re.Match[str]) -> str:
    """Return `-if` for a line of a configuration of Elixir below a condition other than that it is production's."""
    depth = len(match["indent"])
    for line in reversed(text[: match.start()].split("\n")):
        indent = len(line) - len(line.lstrip())
        if line.strip() and indent < depth:
            depth = indent
            if _CONDITION.match(line) and ":prod" not in line:
                return "-if"
    return ""


def _sessions(path: str, text: str) -> Iterator[tuple[int, str]]:
    """Yield where a session needs HTTPS."""
    if path.endswith(SCRIPTS) and _SESSION.search(text) and not _SESSION_PROXY.search(text):
        cookie = _SECURE_COOKIE.search(text)
        if cookie:
            yield cookie.start(), f"cookie{'' if cookie['value'] == 'true' else '-if'} express"


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
