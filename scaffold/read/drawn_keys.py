"""Keys that a program makes as it starts, or lets its framework keep in the container."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.fact_words import JAVASCRIPT
from scaffold.read.lines import Places

_COOKIES = regex(
    r"\.AddCookie\(|\.AddIdentity<|\.AddDefaultIdentity<", words=("AddCookie", "AddIdentity", "AddDefaultIdentity")
)
"""How ASP.NET Core begins to encrypt cookies, and the links for new passwords, with keys of its own."""
_BY_TOKEN = regex(
    r"\b(?:Default(?:Authenticate)?Scheme\s*=|AddAuthentication\()\s*JwtBearerDefaults\b", words=("JwtBearerDefaults",)
)
_KEPT = regex(r"PersistKeysTo\w+|ProtectKeysWith\w+", words=("PersistKeysTo", "ProtectKeysWith"))
_FOR_DEVELOPMENT = regex(
    r"\.AddDeveloperSigningCredential\(|\.AddDevelopmentSigningCertificate\(|\.AddEphemeralSigningKey\(",
    words=("AddDeveloperSigning", "AddDevelopmentSigning", "AddEphemeralSigning"),
)
"""Keys by which IdentityServer and OpenIddict sign tokens on the machine of a developer."""
_OF_JAVA = regex(
    r"\bKeys\.secretKeyFor\(|\bJwts\.SIG\.\w+\.key\(\)|\bKeyPairGenerator\.getInstance\(",
    words=("secretKeyFor", "Jwts", "KeyPair"),
)
_OF_SCRIPTS = regex(
    r"\benv\.(?P<name>(?:[A-Z0-9]+_)*(?:SECRET_KEY|SIGNING_KEY|JWT_SECRET(?:_KEY)?|SESSION_SECRET|COOKIE_SECRET|AUTH_SECRET))"
    r"\s*(?:\|\||\?\?)\s*(?:\w+\.)?(?:randomBytes|randomUUID)\(",
    words=("randomBytes", "randomUUID"),
)
_OF_RUBY = regex(
    r"\b(?:secret_key_base|secret_token|session_secret)\b(?:\s*=|,)?(?:(?!\bif\b|\bunless\b|#|\n\s*(?:def|end)\b)[^;]){0,120}?"
    r"\bSecureRandom\.(?:hex|uuid|base64|urlsafe_base64|random_bytes|alphanumeric)\b",
    words=("SecureRandom",),
)
"""The key of Rails, Sinatra and their like, on its line or in the method that gives it."""
_OF_RUST = regex(
    r"\b(?:SessionMiddleware|CookieSession\w*|CookieIdentityPolicy|SessionManagerLayer|\w+CookieJar)\b(?:(?!;)[\s\S]){0,300}?\bKey::generate\(\)",
    words=("Key::generate",),
)
_OF_GO = regex(
    r"\bNew(?:Cookie|Filesystem)Store\(\s*(?:[\w.\"]+,\s*)?securecookie\.GenerateRandomKey\(", words=("GenerateRandomKey",)
)
_NAMED = regex(r"ENV(?:\.fetch\(|\[)\s*[\"'](?P<name>\w+)[\"']", words=("ENV",))
_SIGNS = regex(r"(?i)jwt|jwk|jws")
_OF_SESSIONS = {".rb": _OF_RUBY, ".rs": _OF_RUST, ".go": _OF_GO}
_ASKS = regex(
    r"Rails\.env\.|\b(?:RACK|RAILS)_ENV\b|#\[cfg\(test|api_only\s*=\s*true"
    r"|IsDevelopment\(|IsEnvironment\(|#if\s+DEBUG|@Profile\(|@ConditionalOn|NODE_ENV"
)
_NEAR = 1200
"""Characters before a call in which a condition on the environment stands."""
_OF_SPRING = regex(r"@Value\(\s*\"\$\{(?P<name>[\w.-]{1,80})")
_OF_KEYS = regex(r"(?i)key|secret|pem|jwk")


def drawn_key_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield `made-key` facts: `cookies` where ASP.NET Core encrypts with keys of its own, `kept` where a file says at which
    place these are kept, `signs` with the variables that would set the key where a program makes the one that signs.
    """
    places = Places(path, text)
    if path.endswith(".cs"):
        for detail, pattern in (("cookies", _COOKIES), ("kept", _KEPT)):
            match = pattern.search(text)
            if match and not (detail == "cookies" and _logs_in_by_token(text)):
                yield CodeFact("made-key", detail, places.at(match.start()))
    match = _signing(path, text)
    if match and not _ASKS.search(text, max(0, match.start() - _NEAR), match.start()):
        kind = "seals" if path.endswith(tuple(_OF_SESSIONS)) else "signs"
        yield CodeFact("made-key", " ".join((kind, *_variables(path, text, match))), places.at(match.start()))


def _logs_in_by_token(text: str) -> bool:
    """Whether an application of ASP.NET Core looks for a token that it signs itself, and at no cookie."""
    return ".AddCookie(" not in text and bool(_BY_TOKEN.search(text))


def _signing(path: str, text: str) -> re.Match[str] | None:
    if path.endswith(".cs"):
        return _FOR_DEVELOPMENT.search(text)
    if path.endswith((".java", ".kt")):
        return _OF_JAVA.search(text) if _SIGNS.search(text) else None
    if path.endswith(JAVASCRIPT):
        return _OF_SCRIPTS.search(text)
    pattern = next((pattern for ending, pattern in _OF_SESSIONS.items() if path.endswith(ending)), None)
    match = pattern.search(text) if pattern else None
    line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()] if match else ""
    return None if line.lstrip().startswith(("#", "//")) else match


def _variables(path: str, text: str, match: re.Match[str]) -> list[str]:
    """Return the variables that set the key: the one of the line, or those of what Spring hands to the class."""
    if path.endswith(JAVASCRIPT):
        return [match["name"]]
    if path.endswith(".rb"):
        return [found["name"] for found in _NAMED.finditer(match[0])] or ["SECRET_KEY_BASE"]
    if path.endswith((".cs", ".rs", ".go")):
        return []
    names = (found["name"] for found in _OF_SPRING.finditer(text))
    return sorted({name.replace(".", "_").replace("-", "_").upper() for name in names if _OF_KEYS.search(name)})
