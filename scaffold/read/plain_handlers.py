"""Handlers of requests that answer the same at any time: no store is asked, nothing is looked up."""

from __future__ import annotations

import re

from scaffold.model.regex import regex

LONGEST = 3000
"""Characters of a handler; a longer one is not judged."""
_QUOTED = regex(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`")
_COMMENT = regex(r"//[^\n]*|(?m:^[ \t]*#(?!\[)[^\n]*)|/\*[^*]*(?:\*(?!/)[^*]*)*\*/")
_DOCSTRING = regex(r"\"\"\"[^\"]*(?:\"(?!\"\")[^\"]*)*\"\"\"|'''[^']*(?:'(?!'')[^']*)*'''")
_PLACED = regex(r"\$\{|\{[A-Za-z_]")
"""What a text takes in from elsewhere."""
_KEY = regex(r"(?<![?\w.])[A-Za-z_]\w*\s*:(?![:=])|(?<=[{(,])\s*[A-Za-z_]\w*\s*=(?![=>])")
_WORD = regex(r"[A-Za-z_$@][\w$]*!?(?:(?:\?\.|\.|::|->)[A-Za-z_$][\w$]*)*")
_DECLARED = regex(
    r"\b(?:const|let|var|val|final|auto|dynamic)\s+(?P<name>\w+)\s*(?::[^=\n]*)?=|^\s*\$?(?P<plain>\w+)\s*:?=(?!=)",
    re.MULTILINE,
)
_TEXT = (
    "async function func def fn fun public private static final return const let var val new export default "
    "override suspend move get GET lambda self void any error nil null None true True false False undefined end do "
    "head render json plain status ok impl dyn struct use pub if err in as is throws Exception map string int bool "
    "byte interface object string dict Dict str Any Mapping Promise Map HashMap String Object Integer Optional "
    "Boolean Record unknown number boolean json! env! format! vec! Json Html StatusCode IntoResponse Value _ __ "
    "&static req res request response reply rep ctx c context w r e writer http _req _request _res _r _c _ctx "
    "_context _reply next _next Request Response NextRequest NextResponse FastifyRequest FastifyReply Context "
    "FastAPI JSONResponse PlainTextResponse jsonify make_response HttpResponse JsonResponse HttpRequest Mono "
    "ResponseEntity IActionResult ActionResult Task Results TypedResults Ok Json Text Content app datetime date "
    "time timezone utc UTC now Date Instant LocalDateTime OffsetDateTime DateTime DateTimeOffset System Number "
    "version __version__ VERSION APP_VERSION uptime timestamp service message environment packageJson pkg "
)
_RIGHTS = frozenset(_TEXT.split())
"""Words of the languages, of answers, and what says which program answers."""
_OF_CLOCK = (
    r"(?:datetime|date|time|timezone|Date|Instant|LocalDateTime|OffsetDateTime|ZonedDateTime|DateTime|DateTimeOffset|System|chrono|Utc"
    r"|Math|performance|os|platform|sys)"
)
_SAFE = regex(
    rf"{_OF_CLOCK}(?:\.|::)[\w.:$]+|process\.(?:uptime|env(?:\.\w+)?|memoryUsage|version|pid|hrtime(?:\.bigint)?|versions\.node)"
    r"|(?:res|response|reply|rep|ctx|c|context|w|writer|h|e|NextResponse|Response|Results|TypedResults|ResponseEntity|HttpResponse|render)"
    r"(?:\?)?(?:\.|->|::)(?:json|JSON|send|status|Status|end|code|type|header|Header|set|Set|setHeader|writeHead|sendStatus|SendStatus|text|Text|body"
    r"|ok|Ok|Write|WriteHeader|WriteString|String|SendString|NoContent|AsText|StatusCode|statusCode|write|build|Json|Content|noContent|content)"
    r"(?:\.\w+)?"
    r"|(?:http|gin|fiber|echo|fmt|json|io|log|slog|logger|console|logging|status|StatusCodes?|HttpStatus|axum|serde_json|chi|render|zap|zerolog)"
    r"(?:\.|::)[\w.:]+!?|(?:web|axum|actix_web)(?:::\w+)+"
    r"|(?:settings|config|configs|cfg|env|app|import\.meta|info|build|buildinfo|constants|pkg|package(?:Json|JSON)?|self\.settings|self\.config)"
    r"(?:\.|::)(?:\w*(?:version|VERSION|Version|name|NAME|Name|env|ENV|Env|environment|Environment|title|commit|Commit|build|mode|debug|DEBUG))"
    r"|[A-Z][A-Z0-9_]{2,}|[A-Z]\w*(?:Response|Status|Out|Schema|Result|Dto|DTO|Health|Check|Read|Payload|Reply|Map|Body)(?:\.\w+)?"
    r"|(?:start|started|boot)_?\w*|(?!is_?[A-Za-z])\w*(?:health|Health|alive|Alive|liveness|readiness|ping|Ping|hello|Hello)\w*|\w*(?:Uptime|_version|Version|_name|Name)"
    r"|\$\w+|this|Mono\.just|Map\.(?:of|entry)|HashMap\.new|Object|Collections\.singletonMap|Task\.FromResult|String\.format|Promise\.resolve|JSON\.stringify"
    r"|std(?:::\w+)+|os\.(?:getenv|environ\.get|Getenv)"
)
_ASKS_ANOTHER = regex(
    r"(?<![\w.$])(?<!\bfunction )(?<!\bdef )(?<!\bfunc )(?<!\bfn )(?=[a-z_])"
    r"(?=\w*(?i:health|alive|liveness|readiness|ping))\w+\s*\("
)
"""Calls of something else by the words that handlers are called by: whether the store answers is asked there."""
_METHOD = regex(r"(?<=[)\]\"'`])\s*\??\.(?:\w+)")
_HARMLESS_METHODS = regex(
    r"\s*\??\.(?:toISOString|toString|toFixed|isoformat|timestamp|timestamp_millis|format|Format|UTC|Unix|UnixMilli|utcnow|to_rfc3339|to_iso8601|json"
    r"|JSON|send|Send|SendString|end|code|status|text|build|body|ok|Encode|Write|Set|into_response|into|to_string|ToString|headers?|type|contentType"
    r"|getTime|valueOf|String|setHeader|toInstant|Seconds|Round|as_secs|now|get|contentLength|cacheControl|set|map)"
)


def is_constant(body: str) -> bool:
    """Whether a handler answers the same whatever the state of anything: each word of it is one of the language, of the answer
    or of the clock, or a name that it gives itself.
    """
    if len(body) >= LONGEST:
        return False
    bare = stripped(body)
    if "await" in bare or "yield" in bare or _ASKS_ANOTHER.search(bare):
        return False
    named = {match["name"] or match["plain"] for match in _DECLARED.finditer(bare)}
    if any(not _HARMLESS_METHODS.fullmatch(match[0]) for match in _METHOD.finditer(bare)):
        return False
    words = _WORD.findall(_KEY.sub(" ", _METHOD.sub(" ", bare)))
    return all(_is_harmless(word, named) for word in words)


def stripped(body: str) -> str:
    """Return a text without its comments and with its strings emptied, those kept that take something in."""
    return _QUOTED.sub(_emptied, _COMMENT.sub(" ", _DOCSTRING.sub('""', body)))


def _emptied(quoted: re.Match[str]) -> str:
    inside = quoted[0][1:-1]
    return f'"" {inside} ' if quoted[0][0] == "`" and "${" in inside else '""'


def _is_harmless(word: str, named: set[str]) -> bool:
    head = re.split(r"\?\.|\.|::|->", word)[0]
    return word in _RIGHTS or word in named or (head in named and word.count(".") <= 1) or _SAFE.fullmatch(word) is not None


def balanced(text: str, start: int, pair: str = "()") -> str:
    """Return the text from the first opening sign at or behind `start` to its closing one, "" where it is too long."""
    begin = text.find(pair[0], start, start + LONGEST)
    if begin < 0:
        return ""
    bare = _QUOTED.sub(lambda quoted: "x" * len(quoted[0]), text[begin : begin + LONGEST])
    depth = 0
    for offset, sign in enumerate(bare):
        if sign == pair[0]:
            depth += 1
        elif sign == pair[1]:
            depth -= 1
            if not depth:
                return text[begin : begin + offset + 1]
    return ""
