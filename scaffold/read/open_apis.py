"""APIs that let everybody in: made of a whole database without a rule, or with rules of Spring Security that permit all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import blank
from scaffold.read.open_programs import first_change, is_below_program, may_change, place_in
from scaffold.read.paths import is_beside_programs, program_folders, program_of

_GENERATES = regex(r"(?m)^(?![ \t]*(?://|\*))[^\n]*?(?:\bnew (?P<neo>Neo4jGraphQL)|(?<![\w.])(?P<post>postgraphile))\(")
_RULES_OF = {
    "Neo4jGraphQL": regex(r"@(?:authentication|authorization|auth)\b|graphql-shield|\bshield\(|applyMiddleware\("),
    "postgraphile": regex(
        r"\b(?:jwtSecret|jwtVerifyOptions|jwtPgTypeIdentifier|pgSettings|pgDefaultRole)\b|--jwt-|ENABLE ROW LEVEL"
    ),
}
"""What limits the callers of a generated API, by its library."""
_SCHEMAS = (".js", ".ts", ".mjs", ".cjs", ".tsx", ".graphql", ".gql", ".graphqls", ".sql")
_CONTEXT_REFUSES = regex(r"\bcontext\s*[:=](?s:.{0,400}?)(?:\bthrow\b|40[13])")
_GUARDS_PATH = regex(
    r"(?i)\.use\(\s*(?:[\"'`]/(?:graphql|api)?[\"'`]\s*,\s*)?(?!passport\.(?:initialize|session))\w{0,40}(?:\.\w{1,40})?"
    r"(?:(?<!c)auth(?!or\b)|passport|jwt|guard|protect|require_?user)\w{0,40}[,()]"
)
"""A middleware that asks before the API, on every path or on its own."""
_OF_SPRING = (".java", ".kt")
_PERMITS = regex(
    r"\banyRequest(?:\(\))?\s*(?:\.permitAll\(\)|,\s*permitAll)|\banyExchange\(\)\s*\.permitAll\(\)"
    r"|\b(?:requestMatchers|antMatchers|pathMatchers|mvcMatchers)\(\s*\"/\*\*\"\s*\)\s*\.permitAll\(\)"
)
_LIMITS = regex(
    r"\bauthenticated\b|\bhas(?:Any)?(?:Role|Authority)\b|\bdenyAll\b|\bfullyAuthenticated\b|\.access\(|oauth2ResourceServer|oauth2Login"
    r"|\baddFilter|\b(?:OncePerRequestFilter|GenericFilterBean|HandlerInterceptor|WebFilter|GlobalFilter|FilterRegistrationBean)\b"
    r"|\b(?:PreAuthorize|PostAuthorize|Secured|RolesAllowed)\b|\bJwts\.parser|\bJwtDecoder\b|JWT\.require"
    r"|getHeader\(\s*(?:\"[Aa]uthorization\"|HttpHeaders\.AUTHORIZATION|\"[Xx]-)|@AuthenticationPrincipal|\bPrincipal\s+\w|SecurityContextHolder"
)
"""Words of Java and Kotlin by which a program asks its callers, whatever its chain of filters permits."""
_CHOSEN = regex(r"getenv|@Value\b|@Profile\b|@Conditional|\bsecurityMatcher|EndpointRequest|\bEnvironment\b")
"""Marks of a chain for a part of the requests, or that a setting chooses."""
_IDLE = regex(r"\bapp\.UseAuthorization\(\s*\)")
_TRIED = regex(r"(?i)(?:^|/)[^/]*\.?tests?/")
"""Folders of projects with tests."""
_ASKS_IN_NET = regex(
    r"\b(?:Add|Use)Authentication\b|\bAdd(?:Default)?Identity|\bAddMicrosoftIdentity|\bAddJwtBearer|\bAddOpenId|\bAddKeycloak|\bAddNegotiate"
    r"|\[\s*(?:\w+\s*,\s*)?(?:\w*Authorize|ApiKey|Permission\w*)\b|\bRequireAuthorization\b|\bFallbackPolicy\b|\bAuthorizeFilter\b"
    r"|\bAuthenticationHandler\b|\bI(?:Async)?AuthorizationFilter\b|\bUseMiddleware<\w*(?:Auth|Key|Token|Session|Tenant|User)\w*>|\bAuthenticateAsync\("
    r"|\bAddPolicy\(\s*\"|\bUse\w*(?:ApiKey|Auth|Token)\w*\((?<!UseAuthorization\()"
)
"""Words of C# by which a program asks its callers."""
_NEST = regex(r"(?m)^[ \t]*@Controller\(", words=("@Controller(",))
_ASKS_IN_NEST = regex(
    r"\b(?:CanActivate|UseGuards|useGlobalGuards|APP_GUARD|APP_INTERCEPTOR|NestMiddleware|NestInterceptor|AuthGuard)\b|\bconsumer\s*\.apply\("
    r"|@(?:\w*Auth\w*|Roles?|Protected|Require\w*|Permissions?|Public|Session|(?:Current)?User)\("
    r"|\bpassport\b|\bexpress-session\b|\bjwtVerify\b|\bclerk|\baddHook\(|\bapplyDecorators\b|\bcreateParamDecorator\b"
    r"|\.use\(\s*(?!helmet|cors|json|compression|urlencoded|cookieParser|express\.|bodyParser|morgan|graphqlUpload)\w"
)
"""Words of Nest by which a program asks its callers, or may."""
_KNOWS_USERS = regex(r"(?i)@Post\(\s*[\"'`][\w/-]*(?:log-?_?in|sign-?_?in)")
_OF_USERS = regex(r"(?i)(?:^|/)users?[^/]*$")
_FASTAPI = regex(r"\bfastapi\b", words=("fastapi",))
_ASKS_IN_FASTAPI = regex(
    r"(?i)\b(?:Depends|Security)\(\s*[\w.]*(?:user|auth|token|key|admin|principal|verif|require|perm|claim|current|identity|login|caller|member"
    r"|owner|role|tenant|guard|protect|secret|account|session|credential|check|valid|access)"
    r"|\bSecurity\(|\b(?:HTTPBearer|HTTPBasic|OAuth2\w*|APIKey(?:Header|Cookie|Query))\b|\bdependencies\s*="
    r"|\.middleware\(|BaseHTTPMiddleware|\badd_middleware\(\s*(?!CORS|GZip|TrustedHost|HTTPSRedirect|ProxyHeaders|Prometheus)\w"
    r"|\b(?:request|req|websocket)\.(?:headers|cookies|session|state)\b|\b(?:Header|Cookie)\(|\bfastapi_users\b|\bfastmcp\b"
)
"""Words of FastAPI by which a program asks its callers, or may."""
_COMMENT = regex(r"(?m)//[^\n]*$|/\*(?s:.*?)(?:\*/|\Z)")
"""A comment that nothing ends goes to the end: the time to look for it grows with the length."""


def open_chains(
    permitting: Iterable[str],
    writing: Iterable[str],
    code: Iterable[str],
    files: Iterable[str],
    glance: Callable[[str], str | None],
) -> Iterator[CodeFact]:
    """Yield an `open-chain` fact for each program of Spring whose rules permit every request, and in which nothing else asks
    who calls, though routes of it change data; `permitting` are the files with such rules, `writing` those with such routes.
    """
    folders = program_folders(tuple(files))
    spring = {path: program_of(path, folders) for path in code if path.endswith(_OF_SPRING) and not is_beside_programs(path)}
    written = [path for path in writing if path in spring]
    seen = set()
    for path in permitting:
        folder = spring.get(path)
        text = glance(path) or "" if folder is not None and folder not in seen else ""
        match = _PERMITS.search(_blanked(text))
        if folder is None or match is None or _CHOSEN.search(text):
            continue
        seen.add(folder)
        own = [item for item, program in spring.items() if program == folder]
        changes = first_change(sorted(item for item in written if spring[item] == folder), glance)
        if changes is not None and not any(_LIMITS.search(_blanked(glance(item) or "")) for item in own):
            yield CodeFact("open-chain", "Spring Security", place_in(path, text, match.start()))


def idle_rules(
    permitting: Iterable[str], writing: Iterable[str], code: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield an `idle-rules` fact for the first program of ASP.NET that switches its authorization on, where no C# of the
    project names a scheme, a policy or an attribute by which it would ask, though routes change data.
    """
    sharp = [path for path in code if path.endswith(".cs") and not is_beside_programs(path) and not _TRIED.search(path)]
    known = set(sharp)
    switched = ((path, _IDLE.search(_blanked(glance(path) or ""))) for path in permitting if path in known)
    found = next(((path, match) for path, match in switched if match is not None), None)
    if found is None or first_change(sorted(known.intersection(writing)), glance) is None:
        return
    if not any(_ASKS_IN_NET.search(_blanked(glance(path) or "")) for path in sharp):
        path, match = found
        yield CodeFact("idle-rules", "", place_in(path, glance(path) or "", match.start()))


def unguarded(
    writing: Iterable[str], code: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield a `no-guard` fact (detail: the framework) for each program of Nest or FastAPI with routes that change data, in
    which no guard, middleware or dependency asks who calls, whatever other words of a login stand in it.
    """
    folders = program_folders(tuple(files))
    served = {path: program_of(path, folders) for path in code if not is_beside_programs(path)}
    programs: dict[tuple[str, str], list[str]] = {}
    for path in sorted(writing):
        text = glance(path) or "" if path in served else ""
        framework = _framework(path, text)
        if framework:
            programs.setdefault((served[path], framework), []).append(path)

    @cache
    def holds(pattern: re.Pattern[str], path: str) -> bool:
        # Code beside the folders of programs is asked for each of them.
        return pattern.search(glance(path) or "") is not None

    for (folder, framework), paths in programs.items():
        # What is open about users tells most.
        paths.sort(key=lambda path: (not _OF_USERS.search(path), path))
        changes = first_change([path for path in paths if may_change(glance(path) or "")], glance)
        ends = (".ts", ".js") if framework == _OF_NEST else (".py",)
        # Code above or beside the folders of programs may be that of all.
        near = [
            item
            for item, program in served.items()
            if item.endswith(ends) and (program == "" or is_below_program(item, folder))
        ]
        asks = _ASKS_IN_NEST if framework == _OF_NEST else _ASKS_IN_FASTAPI
        if changes is None or any(holds(asks, item) for item in near):
            continue
        # The controllers of Nest that read a header themselves are those of its login.
        if framework != _OF_NEST or any(holds(_KNOWS_USERS, item) for item in near):
            yield CodeFact("no-guard", framework, changes)


_OF_NEST = "NestJS"


def _framework(path: str, text: str) -> str:
    if path.endswith(".ts"):
        return _OF_NEST if _NEST.search(text) and "@nestjs/common" in text and "headers" not in text.lower() else ""
    return "FastAPI" if path.endswith(".py") and _FASTAPI.search(text) else ""


def _blanked(text: str) -> str:
    """Return code with blanks in the place of its comments."""
    return _COMMENT.sub(lambda match: blank(match[0]), text)


def open_graphs(marked: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield an `open-graph` fact (detail: the library) for each file of `marked` that makes an API of a whole database, where
    no rule of its schema, no plugin and no code before it asks who calls.
    """
    listed = tuple(files)
    folders = program_folders(listed)
    for path in marked:
        text = glance(path) or ""
        match = None if is_beside_programs(path) else _GENERATES.search(text)
        if match is None or _CONTEXT_REFUSES.search(text) or _GUARDS_PATH.search(text):
            continue
        library = match["neo"] or match["post"]
        rules = _RULES_OF[library]
        folder = program_of(path, folders)
        near = (
            item
            for item in listed
            if item.endswith(_SCHEMAS) and is_below_program(item, folder) and not is_beside_programs(item)
        )
        if not any(rules.search(glance(item) or "") for item in near):
            yield CodeFact("open-graph", library, place_in(path, text, match.start()))
