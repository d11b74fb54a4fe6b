"""Code that takes a caller's user from a token whose signature nobody looks at."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.java_packages import without_package
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.accounts import OF_NO_SYSTEM
from scaffold.read.lines import Places

_PYTHON = regex(
    r"\bjwt\.decode\((?:[^()]|\([^()]*\)){0,400}?(?:[\"']verify_signature[\"']\s*:\s*False|\bverify\s*=\s*False)"
    r"|\bjwt\.get_unverified_claims\(|\bjwt\.decode\((?:[^()]|\([^()]*\)){0,200}?\balgorithms\s*=\s*\[\s*[\"'][nN]one[\"']",
)
_SCRIPT = regex(
    r"\b(?:jwt|jsonwebtoken|JWT)\.decode\(|\b(?:jwtDecode|jwt_decode|decodeJwt)\(|\balgorithms\s*:\s*\[\s*[\"']none[\"']"
)
_SITES = {
    "py": _PYTHON,
    **dict.fromkeys(("js", "ts", "mjs", "cjs", "mts"), _SCRIPT),
    "go": regex(r"\.ParseUnverified\("),
    **dict.fromkeys(("java", "kt"), regex(r"\.parseClaimsJwt\(|\.setSkipSignatureVerification\(\)")),
    "cs": regex(r"\bRequireSignedTokens\s*=\s*false\b|\bSignatureValidator\s*=\s*(?:delegate\s*)?\(?[\w\s,]*\)?\s*(?:=>|\{)"),
    "rb": regex(r"\bJWT\.decode\(?\s*[^()\n,]{1,80},\s*nil\s*,\s*false\b"),
}
_ASKED = regex(r"(?i)authorization|\bbearer\b|oauth2_scheme|HTTPBearer|AddJwtBearer")
"""Words of code that takes a token from a request."""
_USED = regex(
    r"[\"'](?:sub|user_?id|userId|email)[\"']|\.(?:sub|userId|user_id)\b|\bcurrent_?user\b|\b(?:req|request|ctx\.state|context)\.(?:user|auth)\w*\s*="
    r"|\bSubject\b|getSubject\(|AddJwtBearer",
)
_USER_OF_REQUEST = regex(r"\b(?:req|request|ctx\.state|ctx|context|res\.locals)\.(?:user|auth|userId|account)\w*\s*=(?!=)")
_VERIFIES = regex(
    r"(?i)jwks|PyJWK|\bverify(?!_?(?:signature|exp|aud|iat|nbf|iss|sub|jti|at_hash)\b)\w*\(|\.verify\w*\(|introspect|get_?user\(\s*[^)]{0,20}(?:token|jwt)"
    r"|jwt_?verify|\bjwt\.verify\b|\bjwt\.parse\(|\bpassport\b|express-?jwt|ParseWithClaims|validate\w{0,30}?token\w{0,30}\(|userinfo|getClaims\(|verifySignature|public_?key|OAuth2AuthorizedClient"
)
"""What shows that the file has the token checked as well, by itself or by who issued it."""
_ELSEWHERE = regex(
    r"(?i)(?:verified|validated|checked|authenticated)\s+(?:\w+\s+){0,5}(?:by|at|in|on)\s+(?:\w+\s+){0,3}(?:gateway|proxy|kong|envoy|istio|balancer|alb|cloudflare|upstream|ingress)"
)
"""Words by which the code leaves the check to what stands before it."""
_OF_AUTHENTICATION = regex(
    r"(?i)auth|dependenc|(?:^|/)deps\b|middleware|guard|security|jwt|token|session|permission|current_?user|identity|(?:^|/)(?:Program|Startup)\.cs$"
)
_AFTER = 1200
"""Characters after the token was read in which its user is taken."""


def unverified_token_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `unverified-token` fact for the first place where code of the login reads a token without a look at its
    signature and takes the user from it, in a file that nowhere has it checked.
    """
    pattern = _SITES.get(path.rpartition(".")[2])
    if (
        pattern is None
        or OF_NO_SYSTEM.search(without_package(path))
        or not _OF_AUTHENTICATION.search(path)
        or not _ASKED.search(text)
    ):
        return
    used = _USER_OF_REQUEST if pattern is _SCRIPT else _USED
    for match in pattern.finditer(text):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip()
        if line.startswith(("#", "//", "*", "def ", "import ", "from ")):
            continue
        rest = text[: match.start()] + text[match.end() :]
        is_taken = used.search(text[match.start() : match.end() + _AFTER])
        if is_taken and not _VERIFIES.search(rest) and not _ELSEWHERE.search(rest) and not _has_other(path, text):
            yield CodeFact("unverified-token", "", Places(path, text).at(match.start()))
            return


def _has_other(path: str, text: str) -> bool:
    """Whether code of Python or Ruby decodes a token in another way as well, which looks at the signature."""
    ending = path.rpartition(".")[2]
    call = {"py": "jwt.decode(", "rb": "JWT.decode"}.get(ending)
    return call is not None and text.count(call) > len(_SITES[ending].findall(text))
