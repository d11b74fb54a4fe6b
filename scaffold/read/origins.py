"""Code that lets pages of any site call with the visitor's credentials, in the forms that answer with the caller's origin.

Forms that answer `*` beside credentials, which browsers refuse, and forms at which the program stops are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places, blank

_COMMENT = regex(r"(?P<text>\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_HASH_COMMENT = regex(r"(?m)^[^\S\n]*(?P<text>)#[^\n]*")
_GUARD = regex(
    r"(?i)is_?(?:dev|prod|local)|node_env|\bdev(?:elopment)?\b|\bproduction\b|\bdebug\b|environment|@profile|\bcfg!?\(|app_env|\btest\b"
)
"""Words before a form by which it may hold for development alone."""
_BEFORE = 500
"""Characters before a form in which such a condition stands."""
_DESKTOP = regex(r"(?:^|/)(?:src-tauri|electron)/")
_ANY_IN_JAVASCRIPT = regex(
    r"\borigin\s*:\s*(?:true\b|/\.\*/"
    r"|(?:function\s*)?\(\s*\w+[^(),]{0,30},\s*(?P<back>\w+)[^()]{0,60}\)\s*(?:=>)?\s*\{?\s*(?:return\s+)?(?P=back)\(\s*null\s*,\s*true\s*\)"
    r"|\(?(?P<own>\w+)\)?\s*=>\s*(?P=own)\b(?!\s*[.?(&|]))"
)
_CREDENTIALS_IN_JAVASCRIPT = regex(r"\bcredentials\s*:\s*true\b")
_TUNNEL = regex(
    r"(?<![A-Za-z0-9])\\?\.(?:ngrok\b|trycloudflare\\?\.com|loca\\?\.lt\b)|(?:includes|endsWith)\(\s*[\"'`]\.?(?:ngrok|vercel\.app[\"'`])",
    words=("loca", "ngrok", "trycloudflare", "vercel"),
)
"""How a check of the caller lets in every page of a host on which anybody opens one; with a name before it, one page alone."""
_READ_ORIGIN = regex(
    r"\b(?:const|let|var)\s+(?P<kept>[A-Za-z_$][\w$]*)\s*(?::[^=\n]{1,40})?=[^;\n]{0,80}?\b(?P<name>[A-Z][A-Z0-9_]*ORIGINS?)\b",
    words=("ORIGIN",),
)
_NAME = regex(r"(?<![\w$.])[A-Za-z_$][\w$]*")
_LONGEST_OPTIONS = 1500
_OPTIONS = regex(
    r"\b(?:cors|enableCors)\(\s*(?:[\"'][^\"']*[\"']\s*,\s*)?\{|\bcors\s*:\s*\{|\.register\(\s*(?:cors|fastifyCors)\s*,\s*\{"
)


@frozen
class _Form:
    """What opens the door to any origin, what sends credentials along, and how many characters may lie between them."""

    opens: re.Pattern[str]
    sends: re.Pattern[str] | None
    reach: int = 500
    used: re.Pattern[str] | None = None
    """What has to stand somewhere in the file for the form to count."""


_GO = (
    _Form(
        regex(r"AllowOrigin(?:s|VaryRequest|Request)?Func:\s*func\([^)]*\)\s*\(?\w+[^{]{0,40}\{\s*return\s+true\b"),
        regex(r"AllowCredentials:\s*true\b"),
    ),
    _Form(
        regex(r"AllowedOrigins:\s*\[\]string\{[^}]*\"https?://\*\""),
        regex(r"AllowCredentials:\s*true\b"),
    ),
    _Form(regex(r"UnsafeWildcardOriginWithAllowCredentials:\s*true\b"), regex(r"AllowCredentials:\s*true\b")),
)
_RUST = (
    _Form(regex(r"\bCorsLayer::very_permissive\(\)|\bCors::permissive\(\)"), None),
    _Form(regex(r"\bmirror_request\(\)"), regex(r"allow_credentials\(\s*true\s*\)")),
    _Form(regex(r"\.allow_any_origin\(\)"), regex(r"\.supports_credentials\(\)")),
)
_SENT_BY_SPRING = regex(r"\b(?:allowCredentials|setAllowCredentials)\(\s*true\s*\)|\ballowCredentials\s*=\s*true\b")
_SPRING = (
    _Form(regex(r"\ballowedOriginPatterns\([^;)]{0,40}\"\*\""), _SENT_BY_SPRING),
    # Spring Security takes such a configuration where its chain asks for one.
    _Form(
        regex(r"\b(?:addAllowedOriginPattern|setAllowedOriginPatterns)\([^;)]{0,40}\"\*\""),
        _SENT_BY_SPRING,
        used=regex(r"\.cors\(|\bcors\s*\{|\bCors(?:Web)?Filter\("),
    ),
)
_DOTNET = (
    _Form(
        regex(r"\bSetIsOriginAllowed\(\s*\(?\w+\)?\s*=>\s*true\s*\)"),
        regex(r"\bAllowCredentials\(\)"),
    ),
)
_PHP = (_Form(regex(r"'allowed_origins'\s*=>\s*\[\s*'\*'\s*,?\s*\]"), regex(r"'supports_credentials'\s*=>\s*true\b"), 1500),)
_PYTHON = (
    _Form(
        regex(r"(?m)^CORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)[ \t]*(?::[^=\n]+)?=[ \t]*True\b"),
        regex(r"(?m)^CORS_ALLOW_CREDENTIALS[ \t]*(?::[^=\n]+)?=[ \t]*True\b"),
        100_000,
    ),
    # Flask-CORS answers with the caller's origin where no list is given.
    _Form(
        regex(r"\bCORS\((?![^()]*\b(?:origins|resources)\s*=\s*(?![\"'\[]+\*))[^()]*\bsupports_credentials\s*=\s*True\b"),
        None,
    ),
)
_BY_ENDING = {
    ".go": _GO,
    ".rs": _RUST,
    ".java": _SPRING,
    ".kt": _SPRING,
    ".cs": _DOTNET,
    ".php": _PHP,
    ".py": _PYTHON,
}
_JAVASCRIPT = (".js", ".ts", ".mjs", ".cjs", ".mts")


def origin_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield each place of a file of code that answers any origin with the right to send credentials, conditions left out."""
    if _DESKTOP.search(path):
        return
    bare = (_HASH_COMMENT if path.endswith(".py") else _COMMENT).sub(_blank, text)
    starts = _in_javascript(bare) if path.endswith(_JAVASCRIPT) else _in_others(path, bare)
    places = Places(path, text)
    for start in starts:
        if not _GUARD.search(bare, max(start - _BEFORE, 0), start):
            yield CodeFact("cors", "any-origin credentials mirrored", places.at(start))
    tunnels = list(_tunnels(bare)) if path.endswith(_JAVASCRIPT) else []
    detail = " ".join(("tunnels", "credentials", *_ignored(bare))) if tunnels else ""
    for start in tunnels:
        if not _GUARD.search(bare, max(start - _BEFORE, 0), start):
            yield CodeFact("cors", detail, places.at(start))


def _tunnels(bare: str) -> Iterator[int]:
    """Yield the options that let in the pages of such hosts, whatever their name, with credentials."""
    for match in _OPTIONS.finditer(bare) if _TUNNEL.search(bare) else ():
        block = _block(bare, match.end())
        found = _TUNNEL.search(block)
        if found and _CREDENTIALS_IN_JAVASCRIPT.search(block) and not _GUARD.search(block, 0, found.start()):
            yield match.start()


def _ignored(bare: str) -> Iterator[str]:
    """Yield the variable of origins that a file reads into a name which it never uses, where there is one."""
    times = Counter(_NAME.findall(bare))
    for match in _READ_ORIGIN.finditer(bare):
        if times[match["kept"]] == 1:
            yield match["name"]
            return


def _blank(match: re.Match[str]) -> str:
    return match[0] if match["text"] else blank(match[0])


def _in_javascript(bare: str) -> Iterator[int]:
    for match in _OPTIONS.finditer(bare):
        block = _block(bare, match.end())
        if _ANY_IN_JAVASCRIPT.search(block) and _CREDENTIALS_IN_JAVASCRIPT.search(block):
            yield match.start()


def _block(bare: str, start: int) -> str:
    """Return the text up to the brace that closes the one before `start`, "" where it is too far."""
    depth = 1
    for index in range(start, min(start + _LONGEST_OPTIONS, len(bare))):
        depth += {"{": 1, "}": -1}.get(bare[index], 0)
        if depth == 0:
            return bare[start:index]
    return ""


def _in_others(path: str, bare: str) -> Iterator[int]:
    for form in _BY_ENDING.get(path[path.rfind(".") :], ()):
        if form.used is not None and not form.used.search(bare):
            continue
        for match in form.opens.finditer(bare):
            near = bare[max(match.start() - form.reach, 0) : match.end() + form.reach]
            if form.sends is None or form.sends.search(near):
                yield match.start()
