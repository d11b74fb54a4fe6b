"""Programs that check passwords at a route for logins while no line of the project's code counts the tries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scaffold.model.java_packages import without_package
from scaffold.model.known import with_folders
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.open_programs import place_in
from scaffold.read.paths import is_beside_programs, program_folders, program_of

_WORD = r"(?:log-?_?in|sign-?_?in|authenticate|login/access-token)"
_PATH = rf"[\"'`](?:POST )?/?(?:[\w:{{}}.-]{{1,40}}/){{0,6}}{_WORD}/?[\"'`]"
_ROUTERS = (
    r"(?<!await )(?<!return )(?<!with )(?<!= )(?<!=> )(?<![\w.$])(?:\w{1,30}\.){0,2}"
    r"(?:app|server|fastify|mux|group|public|auth|g|e|r|v\d|\w{0,20}(?i:router?|routes|group))"
)
"""Names of what routes are given to."""
_ROUTE = regex(
    rf"{_ROUTERS}\.(?:post|Post|POST|HandleFunc|Handle)\(\s*{_PATH}\s*,"
    rf"|@\w{{1,40}}(?:\.\w{{1,40}}){{0,2}}\.(?:post|route|api_route)\(\s*(?:{_PATH}|[\"'](?:/[\w-]{{1,40}}){{0,4}}/token[\"'])"
    rf"|\b(?:re_)?path\(\s*r?[\"']\^?(?:[\w-]{{1,40}}/){{0,4}}{_WORD}/?\$?[\"']|@Post\(\s*{_PATH}|\[HttpPost\(\s*{_PATH}|\.MapPost\(\s*{_PATH}"
    rf"|@(?:Post|Request)Mapping\(\s*(?:(?:value|path)\s*=\s*)?\{{?\s*{_PATH}|\bRoute::post\(\s*{_PATH}|#\[Route\(\s*{_PATH}"
    r"|\binclude\(\s*[\"']django\.contrib\.auth\.urls[\"']|\.formLogin\((?!\s*(?:\w+::disable|\w+\s*->\s*\w+\.disable))"
    r"|@Mutation\([^\n]{0,200}\n(?:[ \t]*@[^\n]{0,200}\n){0,3}[ \t]*(?:public\s+)?(?:async\s+)?(?:login|signIn|logIn)\("
    rf"|^[ \t]*post[ \t(]{{1,4}}{_PATH}|\.route\(\s*{_PATH}\s*,\s*(?:\w+::)*post\(",
    re.MULTILINE,
)
"""Routes by which people log in: the last word of the path tells."""
_NAMED = regex(r"(?i)log-?_?in\b|sign-?_?in\b|authenticate\b|log_?in/|/token|auth\.urls")
"""Words without one of which a line is no part of such a route."""
_MOST_NAMED = 200
"""Words of one file around which routes are looked for."""
_LINES_BEFORE = 4
"""Lines above the word on which a route may begin."""
_BEHIND = 120
"""Characters behind the word within which it ends."""
_LONGEST_LINE = 300
"""Characters of a line above it that are looked at."""
_PAGE = regex(r"(?i)(?:^|/)(?:log-?in|sign-?in)/(?:route\.[jt]s|\+server\.[jt]s|\+page\.server\.[jt]s)$")
"""Files whose path is that of a route."""
_CHECKS = regex(
    r"\bcheck_?password\w*\(|\bcheckpw\(|\bverify_?password\w*\(|\bpwd_context\.verify|\bauthenticate_user\(|\bauthenticate\([^)\n]{0,200}password"
    r"|\bTokenObtainPairView\b|\bobtain_auth_token\b|\bLoginView\b|\bcompare_?[pP]asswords?\(|\b[cC]ompareSync\(|\bbcrypt(?:js)?\.compare\("
    r"|\bargon2(?:id)?\.(?:verify|Compare\w*)\(|\bcompare\([^)\n]{0,120}[pP]assword|\b[vV]erify\([^)\n]{0,120}[pP]assword|\b[cC]heckPassword\w*\("
    r"|\b[cC]ompareHashAndPassword\(|\b[vV]erifyPassword\w*\(|\b[vV]alidatePassword\w*\(|\bisPassword\w{0,20}\(|\bpasswordEncoder(?:\(\))?\.matches\("
    r"|\bUsernamePasswordAuthenticationToken\(|\bPasswordSignInAsync\(|\bVerifyHashedPassword\(|\bpassword_verify\(|\bHash::check\("
    r"|\b(?:Auth::|auth\(\)->)attempt\(|\bvalid_password\?|\.authenticate\(\s*params|\b(?:Bcrypt|Argon2|Pbkdf2)\.verify_pass\(|\bbcrypt::verify\("
    r"|\bAuthenticationManager\b|django\.contrib\.auth\.urls|\bUserDetailsService\b",
    words=(
        *(
            "assword",
            "checkpw(",
            "pwd_context",
            "authenticate_user(",
            "authenticate(",
            "TokenObtainPairView",
            "obtain_auth_token",
        ),
        *(
            "LoginView",
            "ompareSync(",
            "bcrypt",
            "argon2",
            "Hash::check(",
            "attempt(",
            "verify_pass(",
            "PasswordSignIn",
            "AuthenticationManager",
            "django.contrib.auth.urls",
            "UserDetailsService",
        ),
    ),
)
"""Code that compares a password with the one of an account."""
_LIMITS = regex(
    r"(?i)rate[-_]?limit(?!_?e(?:rror|xc))|throttl(?!e\(|ed\b)|limiter|slow_?api|slow[-_]down|[\"']axes[\"'.]|rack[-_]attack|lockable|bucket4j"
    r"|governor|tollbooth|httprate|fail2ban|captcha|turnstile|brute_?force|lockout|account_?lock|locked_?(?:until|at\b)|(?:too_?many_?|max_?)log_?in"
    r"|(?:failed|log_?in|sign_?in|auth)_?(?:log_?in_?)?(?:attempts?|tries|failures)(?:s?_?(?:count|left)|[\[.])|crowdsec|altcha|proof_?of_?work"
    r"|nextauth|next-auth|better-auth|express-brute",
    words=(
        "limit",
        "throttl",
        "slow",
        "axes",
        "attack",
        "lock",
        "bucket4j",
        "governor",
        "tollbooth",
        "httprate",
        "fail2ban",
        "captcha",
        "turnstile",
        "brute",
        "many",
        "max",
        "attempt",
        "tries",
        "failures",
        "crowdsec",
        "altcha",
        "proof",
        "nextauth",
        "next-auth",
        "better-auth",
    ),
)
"""Names of what counts the tries of one caller, and of libraries that may do so by themselves."""
_TRIES = regex(
    r"(?i)attempt|\btries\b|too[-_ ]?many|\b429\b|lock(?:ed|out|_out)|failed[-_ ]?(?:count|log)|cool_?down"
    r"|\bban(?:ned)?\b|abuse"
)
"""Words that speak of tries where people log in."""
_NEAR = regex(r"(?i)(?:auth|log_?in|sign|user|account|secur|session|password|middleware|guard|limit)[^/]*(?:/[^/]+)?$")
"""Files and folders of what people log in with."""
_OUTBOUND = regex(
    r"(?i)(?:^|/)(?:(?:\w+_)?(?:scrapers?|crawlers?|explorers?|llms?|nlp|agents)/|\w*(?:scraper|crawler|explorer|openai|anthropic|gemini|groq)\w*\.)"
)
"""Code that asks others, and keeps to their limits."""
_OF_OTHERS = regex(
    r"(?i)apple|google|facebook|twitter|git(?:hub|lab)|microsoft|azure|discord|telegram|oauth|oidc|\bsso\b|saml|ldap|\blti\b|passkey|webauthn|magic|otp"
)
"""Logins whose proof somebody else checks, or that is no password."""
_SHOWN = regex(r"(?:^|/)(?:frontend|client|ui|mobile|desktop)/|\.(?:tsx|jsx|vue|svelte|html|sh|css)$")
"""Code of pages, which count nothing for the server."""


def unlimited_logins(
    logging_in: Iterable[str], code: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]
) -> Iterator[CodeFact]:
    """Yield an `unlimited-login` fact at the first route for logins of each program that checks passwords, where no code of the
    project limits what one caller tries; `logging_in` are the files that may have such a route or check.
    """
    listed, known = tuple(files), tuple(code)
    named = {*logging_in, *(path for path in known if _PAGE.search(path))}
    marked = [path for path in sorted(named) if not is_beside_programs(path) and not _SHOWN.search(path)]
    routes = [fact for path in marked if (fact := _first_route(path, glance(path) or "")) is not None]
    if not routes:
        return
    served = [path for path in known if not is_beside_programs(path)]
    if any(_may_limit(path, glance(path) or "") for path in served if not _SHOWN.search(path)):
        return
    folders = program_folders(listed)
    checking = [path for path in served if _CHECKS.search(glance(path) or "")]
    below, for_all = with_folders(checking), any(program_of(path, folders) == "" for path in checking)
    told = set[str]()
    for fact in routes:
        folder = program_of(fact.location.path, folders)
        if folder not in told and (for_all or (folder in below if folder else bool(checking))):
            told.add(folder)
            yield CodeFact(fact.kind, folder, fact.location)


def _may_limit(path: str, text: str) -> bool:
    """Whether code may limit what one caller tries: by a library's name anywhere, by a plain word where people log in."""
    if _OUTBOUND.search(path):
        return False
    return bool(_LIMITS.search(text)) or bool(_NEAR.search(path) and _TRIES.search(text))


def _first_route(path: str, text: str) -> CodeFact | None:
    """Return the fact for the first route of a file by which people log in with a password of the program's own."""
    if _OF_OTHERS.search(without_package(path)):
        return None
    start = next(_route_starts(text), 0 if _PAGE.search(path) else None)
    return None if start is None else CodeFact("unlimited-login", "", place_in(path, text, start))


def _route_starts(text: str) -> Iterator[int]:
    """Yield where routes for logins begin, looked for around the words of one alone."""
    for named in islice(_NAMED.finditer(text), _MOST_NAMED):
        start = named.start()
        for _ in range(_LINES_BEFORE):
            least = max(start - _LONGEST_LINE, 0)
            start = max(text.rfind("\n", least, start), least)
        for match in _ROUTE.finditer(text, start, min(named.end() + _BEHIND, len(text))):
            if match.end() > named.start() and not _OF_OTHERS.search(match[0]):
                yield match.start()
