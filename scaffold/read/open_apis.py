"""APIs that let everybody in: made of a whole database without a rule, or with rules of Spring Security that permit all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import blank
from scaffold.read.open_programs import first_change, is_below_program, place_in
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
