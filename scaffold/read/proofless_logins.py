"""Code that logs callers in without a proof: helpers of development, and accounts that are linked by an address alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scaffold.model.document import Location
from scaffold.model.java_packages import without_package
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.accounts import OF_NO_SYSTEM
from scaffold.read.lines import Places, is_comment
from scaffold.read.migrating import holder_of

_LINKS = regex(
    r"\b(?!(?:Google|Apple)\w*\()[A-Z]\w*\(\s*\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\}){0,200}\}){0,800}?\ballowDangerousEmailAccountLinking\s*:\s*true\b"
    r"|\bget_oauth_router\((?![^()]{0,40}(?i:google|apple))(?:[^()]|\([^()]*\)){0,400}?\bassociate_by_email\s*=\s*True\b",
    words=("allowDangerousEmailAccountLinking", "associate_by_email"),
)
"""What links accounts by address; Google and Apple hand out none that they have not checked."""
_CHECKS_ADDRESS = regex(r"(?i)(?:e?mail_?verified|verified_?e?mail|profile\??\.verified)\b")
_ROUTE = regex(
    r"(?P<script>(?<![\w.])(?:app|api|server|fastify|\w*[rR]outer)\.(?:get|post|all|put|route)\(\s*[\"'`](?P<first>/[^\"'`\s]{1,80})[\"'`])"
    r"|@(?:\w+\.)+(?:get|post|route|api_route)\(\s*[\"'](?P<second>/[^\"'\s]{1,80})[\"']"
    r"|@(?:Get|Post|Request)Mapping\(\s*(?:value\s*=\s*)?\"(?P<third>[^\"\s]{1,80})\"|\[Http(?:Get|Post)\(\"(?P<fourth>[^\"\s]{1,80})\"\)"
    r"|\.Map(?:Get|Post)\(\s*\"(?P<fifth>/[^\"\s]{1,80})\"|Route::(?:get|post|any)\(\s*'(?P<sixth>[^'\s]{1,80})'"
)
_HELPS = regex(
    r"(?i)(?:^|/)(?:(?:dev|quick|fake|mock|bypass|backdoor|instant)[-_/]?(?:log-?in|sign-?in|auth)|(?:test|debug)[-_/]?(?:log-?in|sign-?in)"
    r"|(?:log-?in|sign-?in)[-_/](?:as|dev|test|quick|fake|bypass|mock)|auth/(?:dev|fake|mock|bypass)|impersonate)/?$"
)
_INLINE = regex(r"\s*,\s*(?:async\b|function\b|\()")
"""A handler right behind the path: what stands between them may ask for a login."""
_LOGS_IN = regex(
    r"(?i)(?:create|generate|issue|make|build|encode|sign)\w*(?:token|jwt|session)\w*\(|\bjwt\.(?:sign|encode)\("
    r"|jwtSign\(|new SignJWT\("
    r"|set_?cookie\(|\.cookie\(\s*[\"']|\blogin_user\(|\b(?:auth|Auth)(?:\.|::)login\w*\(|\breq\.login\(|\blogin\(\s*request\b"
    r"|\b(?:req|request)\.session\.\w*user\w*\s*=|\bsession\[[^\]]{0,30}user[^\]]{0,10}\]\s*=|SignInAsync\("
)
_ASKS = regex(
    r"(?i)pass(?!ed|ing|es\b|ive|port\b)|compare|verif|secret|\bapi_?key|\botp\b|\bcode\b|admin|permission|require|guard|current_?user|depends\([^)]*user"
    r"|node_env|production|environ|\bis_?dev|\bdev_?mode|development|debug|\benv\b|getenv|config|setting|feature|flag|enabled|allow|demo|local|localhost"
    r"|dependencies\s*=|preHandler|before_?handler|middleware|authorization|authenticate|jwtVerify|403|owner"
)
"""Words by which a helper may know its caller, or where it runs."""
_SIGNS = regex(
    r"(?i)\b(?:process\.env|settings|config|env)(?:\.|\[[\"']|\([\"'])\w*(?:secret|key|algorithm|expir\w*)\w*"
    r"|\b(?:secure|httpOnly|http_only|sameSite|samesite|maxAge|max_age|path)\s*[:=][^,\n}]*"
)
"""How a token is signed and a cookie is set, which asks nobody."""
_GUARDED = regex(
    r"\.use\([^)\n]{0,200}(?i:auth|admin|guard|protect|require|verif|session)|\bAPIRouter\([^)]{0,400}dependencies\s*="
)
_COMMENT = regex(
    r"(?m)(?:^|(?<=\s))(?://|#(?!\[))[^\n]*|/\*(?:[^*]|\*(?!/)){0,2000}\*/|\"\"\"(?:[^\"]|\"(?!\"\")){0,2000}\"\"\""
)
_TOLD = regex(
    r"\b(?:console|log|logger|logging|print)\b\.?\w*\([^\n]*"
    r"|\b(?:message|msg|detail|error|description|title)[\"']?\s*[:=]\s*(?:f?\"[^\"\n]*\"|f?'[^'\n]*'|`[^`\n]*`)"
)
"""What a helper tells, which is no condition."""
_NONE = regex(r"(?!)")
_LONGEST = 2500
"""Characters of a handler."""
_MOST = 20
"""Helpers of one file that are looked at: the function and the conditions around each are looked for up to its first line."""
_BEFORE = 300
"""Characters above a route in which a condition for development stands."""


def proofless_login_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `proofless-login` fact for the first place where a provider's accounts are linked by address (no detail), and
    for each route by which a helper of development logs callers in under no condition (detail: its path).
    """
    if OF_NO_SYSTEM.search(without_package(path)):
        return
    places = Places(path, text)
    link = _LINKS.search(text)
    if link is not None and not _CHECKS_ADDRESS.search(text) and not is_comment(text, link.end()):
        yield CodeFact("proofless-login", "", places.at(text.rfind("\n", 0, link.end()) + 1))
    for where, route in _helpers(path, text, places):
        yield CodeFact("proofless-login", route, where)


def _helpers(path: str, text: str, places: Places) -> Iterator[tuple[Location, str]]:
    routes = list(_ROUTE.finditer(text))
    lines = text.split("\n")
    guard = _GUARDED.search(text)
    helping = ((index, match) for index, match in enumerate(routes) if _may_help(text, match))
    for index, match in islice(helping, _MOST):
        stop = routes[index + 1].start() if index + 1 < len(routes) else len(text)
        body = _bare(text[match.end() : min(stop, match.end() + _LONGEST)])
        before = _bare(text[max(match.start() - _BEFORE, 0) : match.start()])
        guarded = (guard and guard.start() < match.start()) or _ASKS.search(body) or "production" in before
        if guarded or not _LOGS_IN.search(body):
            continue
        where = places.at(match.start())
        if holder_of(lines, where, "." + path.rpartition(".")[2], _NONE) is not None:
            yield where, _path_of(match)


def _may_help(text: str, match: re.Match[str]) -> bool:
    return bool(_HELPS.search(_path_of(match))) and (not match["script"] or bool(_INLINE.match(text, match.end())))


def _path_of(match: re.Match[str]) -> str:
    return next((value for name, value in match.groupdict().items() if value and name != "script"), "")


def _bare(text: str) -> str:
    """Return code without its comments, what it tells, and what signs a token."""
    return _SIGNS.sub("", _TOLD.sub("", _COMMENT.sub("", text)))
