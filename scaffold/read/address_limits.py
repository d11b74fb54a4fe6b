"""Where application code counts requests or failed logins by the address that its framework gives it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_Q = r"[\"']"
_READS_HEADER = regex(
    r"x[-_]forwarded|\bforwarded\b|x-real-ip|cf-connecting|client-ip|getClientIp|real_?ip|\.clientip\b|client_ip\(|get_ipaddr\b",
    re.IGNORECASE,
)
"""Code that takes the address of the visitor from a header by hand, or by a helper of its own."""
_OWN_ADDRESS = regex(
    r"\b(?:req|request|ctx|context|\w{0,30}[rR]eq\w{0,30})\.ips?\b|\bipKeyGenerator\(", words=(".ip", "ipKeyGenerator(")
)
_KEY = regex(r"\bkeyGenerator\b")
_LIMITER_NAME = (
    r"(?:import\s+(?:\*\s+as\s+)?(?P<name>[A-Za-z_]\w*)|import\s*(?:[A-Za-z_]\w*\s*,\s*)?\{\s*(?:default\s+as\s+)?(?P<name2>\w+)[^{}]{0,500}\}"
    r"|(?:const|let|var)\s+\{?\s*(?P<name3>\w+)[^=\n]{0,80}=)"
)
_EXPRESS = regex(
    rf"{_LIMITER_NAME}(?:\s*,\s*\{{[^{{}}]{{0,500}}\}})?\s*(?:from|require\()\s*{_Q}(?:express-rate-limit|express-slow-down){_Q}",
    words=("express-rate-limit", "express-slow-down"),
)
_FASTIFY = regex(rf"(?:from|require\(|import\()\s*{_Q}@?fastify[/-]rate-limit{_Q}", words=("rate-limit",))
_FLEXIBLE = regex(rf"(?:from|require\()\s*{_Q}rate-limiter-flexible{_Q}", words=("rate-limiter-flexible",))
_KOA = regex(rf"(?:from|require\()\s*{_Q}koa-ratelimit{_Q}", words=("koa-ratelimit",))
_NEST = regex(r"\bThrottlerModule\.forRoot(?:Async)?\b", words=("ThrottlerModule",))
_LIMITS = regex(r"rate.?limit|throttl|too many|attempts\b|(?:login|failed|max)[\w ]{0,20}attempt\b|brute", re.IGNORECASE)
"""Words of a limit; one attempt, as in "hijacking attempt", counts nothing."""
_KIT_ADDRESS = regex(r"\bgetClientAddress\(\)", words=("getClientAddress",))

_SLOWAPI = regex(r"\bLimiter\(\s*(?:key_func\s*=\s*)?get_remote_address\b")
_FLASK = regex(r"\bget_remote_address\b", words=("get_remote_address",))
_DJANGO = regex(r"^[ \t]*@(?:\w+\.)?ratelimit\([^)\n]*key\s*=\s*[\"']ip[\"']", re.MULTILINE, words=("ratelimit",))

_PYTHON_KEY = regex(
    r"^[ \t]*(?P<name>\w+)\s*(?::\s*str\s*)?=\s*(?:str\()?(?:self\.)?request\.(?P<what>client\.host|remote_addr)\b",
    re.MULTILINE,
    words=("client.host", "remote_addr"),
)
_SCRIPT_KEY = regex(r"\b(?:const|let)\s+(?P<name>\w+)\s*=\s*(?:context\.|ctx\.)?(?:req|request|ctx)\??\.ip\b", words=(".ip",))
"""A variable that is given the address of the visitor."""
_COUNTED = (
    r"\b\w{{0,40}}(?:limit|attempt|throttl|bucket|lockout|window|requests|hits)\w{{0,40}}(?:\.\w{{1,40}})?[\[(][^\])\n]{{0,60}}\b{name}\b"
    r"|[\"'`][^\"'`\n]{{0,40}}(?:limit|attempt|throttle|\brl\b|lockout)[^\"'`\n]{{0,40}}\{{{name}\b"
)
"""How a variable is counted by, in lower case: a call, a table or a key with a word of limits."""
_MOST_NAMES = 8
"""Variables of one file that are looked for: each of them is a search through the rest of the file."""

_GO_LIMITERS = regex(r"\bhttprate\.LimitBy(?:IP|RealIP)\(|\btollbooth\.Limit(?:Func)?Handler\(|\bstdlib\.NewMiddleware\(")
_GO_LOOKUP = regex(r"SetIPLookup|TrustForwardHeader")
_GO_BUCKET = regex(r"\brate\.NewLimiter\(", words=("rate.NewLimiter",))
_GO_ADDRESS = regex(r"\b\w+\.RemoteAddr\b", words=("RemoteAddr",))
_GIN_ADDRESS = regex(
    r"(?m)^(?![^\n]{0,400}(?i:\b\w{0,20}log(?:ger)?\.|print|\.(?:info|warn|debug|error)))[^\n/]{0,200}\.ClientIP\(\)",
    words=(".ClientIP()",),
)
_GIN_LIMITS = regex(r"\brate\.NewLimiter\(|(?i:rate_?limit)")
_FIBER = regex(r"\blimiter\.New\(", words=("limiter.New(",))

_JAVA_ADDRESS = regex(r"\.getRemoteAddr\(\)", words=("getRemoteAddr",))
_CSHARP_ADDRESS = regex(r"\.RemoteIpAddress\b", words=("RemoteIpAddress",))
_CSHARP_LIMITER = regex(r"\bRateLimitPartition\b|\bAddRateLimiter\b|\bFixedWindowRateLimiter\b")
_HEADER_NAME = regex(r"X-Forwarded-For|X-Real-IP|CF-Connecting-IP", re.IGNORECASE)
_LARAVEL = regex(r"\bRateLimiter::for\(|->middleware\(\s*\[?\s*[\"']throttle:", words=("RateLimiter::for(", "throttle:"))
_GOVERNOR = regex(r"\bGovernorConfigBuilder::default\(\)|\bGovernorConfig::default\(\)", words=("GovernorConfig",))
_GOVERNOR_KEY = regex(r"SmartIpKeyExtractor|\.key_extractor\(|impl\s+KeyExtractor", words=("KeyExtractor", ".key_extractor("))


@frozen
class AddressLimit:
    """A limit by address: the offset of what shows it, and the framework whose address it is.

    `word` is `counts`, or `keys` where only the words beside the address say that it is one of a limit.
    """

    offset: int
    framework: str
    word: str = "counts"


def address_limits(path: str, text: str) -> Iterator[AddressLimit]:
    """Yield the limits of one file; those whose key is a user, or an address out of a header, are left out."""
    ending = path.rpartition(".")[2]
    if ending == "py":
        yield from _in_python(text)
    elif path.endswith(SCRIPTS):
        yield from _in_scripts(text)
    elif ending in _OTHERS:
        found, framework = _OTHERS[ending](text)
        if found is not None:
            yield AddressLimit(found.start(), framework)
        gin = _GIN_ADDRESS.search(text) if ending == "go" and "gin-gonic/gin" in text and _GIN_LIMITS.search(text) else None
        if gin is not None:
            yield AddressLimit(gin.end() - len("ClientIP()"), "gin", "keys")


def keeps_own_key(text: str) -> bool:
    """Whether the key of a limiter may be anything but the address that the framework gives."""
    code = _without_comments(text)
    return bool(_READS_HEADER.search(code)) or not _OWN_ADDRESS.search(code)


def _without_comments(text: str) -> str:
    lines = (line for line in text.split("\n") if not line.lstrip().startswith(("//", "*", "/*", "#")))
    return "\n".join(line.partition(" //")[0] for line in lines)


def _in_python(text: str) -> Iterator[AddressLimit]:
    slow, flask, django = _SLOWAPI.search(text), _FLASK.search(text), _DJANGO.search(text)
    if slow and "slowapi" in text:
        yield AddressLimit(slow.start(), "starlette")
    elif flask and "flask_limiter" in text:
        yield AddressLimit(flask.start(), "flask")
    own = _counted(text, _PYTHON_KEY) if not (slow or flask or django) else None
    if own:
        yield AddressLimit(own.start("name"), "flask" if own["what"] == "remote_addr" else "starlette")
    if django:
        yield AddressLimit(django.start(), "django")


def _counted(text: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """Return where a variable gets the address of the visitor by which the code then counts; None where it reads a header."""
    if not _LIMITS.search(text):
        return None
    lower = text.lower()
    first = {match["name"]: match for match in reversed(list(pattern.finditer(text)))}
    given = islice(sorted(first.values(), key=lambda match: match.start()), _MOST_NAMES)
    names = ((match, re.compile(_COUNTED.format(name=re.escape(match["name"].lower())))) for match in given)
    found = next((match for match, counted in names if counted.search(lower, match.end())), None)
    return None if found and _READS_HEADER.search(_without_comments(text)) else found


def _in_scripts(text: str) -> Iterator[AddressLimit]:
    limited = False
    for match, framework in (
        (_express_call(text), "express"),
        (_NEST.search(text), "express"),
        (_FASTIFY.search(text), "fastify"),
    ):
        if match and not (_KEY.search(text) and keeps_own_key(text)):
            limited = True
            yield AddressLimit(match.start(), framework)
    own = "fastify" if "astify" in text else "express"
    counted = _counted(text, _SCRIPT_KEY) if not limited else None
    if counted:
        limited = True
        yield AddressLimit(counted.start(), own)
    for pattern, framework in ((_FLEXIBLE, own), (_KOA, "koa")):
        match = pattern.search(text)
        if match and not keeps_own_key(text):
            limited = True
            yield AddressLimit(match.start(), framework)
    speaks = _LIMITS.search(text)
    vague = _OWN_ADDRESS.search(text) if speaks and not limited else None
    if vague:
        yield AddressLimit(vague.start(), "express", "keys")
    address = _KIT_ADDRESS.search(text) if speaks else None
    if address:
        yield AddressLimit(address.start(), "sveltekit")


def _express_call(text: str) -> re.Match[str] | None:
    """Return where a limiter of Express is made, under whatever name the file took it."""
    found = _EXPRESS.search(text)
    if found is None:
        return None
    name = found["name"] or found["name2"] or found["name3"]
    return re.compile(rf"\b(?:{re.escape(name)}|rateLimit|slowDown)\(").search(text, found.end())


def _in_go(text: str) -> tuple[re.Match[str] | None, str]:
    found = _GO_LIMITERS.search(text)
    if found and "LimitByRealIP" not in found[0] and not _GO_LOOKUP.search(text):
        return found, "go"
    if "gofiber/fiber" in text and _FIBER.search(text) and "KeyGenerator" not in text:
        return _FIBER.search(text), "fiber"
    if _GO_BUCKET.search(text) and _GO_ADDRESS.search(text) and not _READS_HEADER.search(_without_comments(text)):
        return _GO_ADDRESS.search(text), "go"
    return None, ""


def _in_java(text: str) -> tuple[re.Match[str] | None, str]:
    found = _JAVA_ADDRESS.search(text) if _LIMITS.search(text) or "Bucket" in text else None
    return (None if found and _READS_HEADER.search(_without_comments(text)) else found), "spring"


def _in_csharp(text: str) -> tuple[re.Match[str] | None, str]:
    found = _CSHARP_ADDRESS.search(text) if _CSHARP_LIMITER.search(text) else None
    by_hand = found and _HEADER_NAME.search(_without_comments(text))
    return (None if by_hand else found), "aspnet"


def _in_php(text: str) -> tuple[re.Match[str] | None, str]:
    found = _LARAVEL.search(text)
    by_address = found and (found[0].endswith("throttle:") or "->ip()" in text)
    return (found if by_address else None), "laravel"


def _in_rust(text: str) -> tuple[re.Match[str] | None, str]:
    return (None if _GOVERNOR_KEY.search(text) else _GOVERNOR.search(text)), "governor"


_OTHERS = {"go": _in_go, "java": _in_java, "kt": _in_java, "cs": _in_csharp, "php": _in_php, "rs": _in_rust}
