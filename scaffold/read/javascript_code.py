"""JavaScript and TypeScript application code: conservative patterns over text with its comments blanked out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.project import CodeFact, EnvRead, SettingDefault
from scaffold.model.regex import regex
from scaffold.read.code import CodeReading, is_kept, reading, setting
from scaffold.read.fact_words import holds
from scaffold.read.fallbacks import with_fallbacks
from scaffold.read.javascript_schemas import WORDS, refused_reads, schema_defaults, schema_reads
from scaffold.read.lines import Places, blank

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_READ = regex(
    rf"process\.env(?:\.(?P<name>{_NAME})|\[['\"](?P<quoted>{_NAME})['\"]\])!?"
    r"(?:\s*(?:\|\||\?\?)\s*(?:(?P<mark>['\"`])(?P<value>(?:(?!(?P=mark))[^\\\n$]){0,300})(?P=mark)|(?P<number>\d{1,9}\b|true\b|false\b))?)?"
)
_HAS_DEFAULT = regex(r"\|\||\?\?")
_ANOTHER = regex(r"process\.env\b")
"""What follows `??` where the default is another variable."""
_NEXT_DEFAULT = regex(r"\s*(?:,|\)\s*\?\?)\s*(?:(?P<mark>['\"`])(?P<value>[^'\"`\\\n$]{1,300})(?P=mark)|(?P<number>\d{1,9})\b)")
"""The second argument of a read, or what stands behind `??` after it."""
_ONLY_ASKED = regex(r"\s*(?:[=!]==?|&&|\?(?![.?]))")
"""What follows a read that only asks: a comparison, a condition."""
_DESTRUCTURED = regex(r"\{(?P<names>[^{}]{1,500})\}\s*=\s*process\.env\b(?!\.)", words=("process.env",))
_PART = regex(
    rf"(?<![\w:])(?P<name>{_NAME})\s*(?::\s*\w+\s*)?=\s*(?P<mark>['\"`])(?P<value>(?:(?!(?P=mark))[^\\\n$]){{0,300}})(?P=mark)"
)
_CONFIG_GET = regex(
    r"\b(?:config|configService|env)(?:Service)?\.get(?P<throws>OrThrow)?(?:<[^>]{0,60}>)?\(\s*['\"](?P<name>[A-Z][A-Z0-9_]*)['\"]",
    words=(".get",),
)
_HELPER = regex(r"(?<![\w.$])(?:get)?[eE]nv(?:<[^>\n]{0,60}>)?\(\s*['\"](?P<name>[A-Z][A-Z0-9_]+)['\"]\s*[,)]", words=("nv",))
_DEV_FILE = regex(r"(?:^|[./_-])(?:dev|development|local|test|tests|spec|mock|mocks|e2e)(?:[./_-]|$)", re.IGNORECASE)
_ROUTE = regex(r"\.(?P<method>get|post|put|patch|delete|all|use)\(\s*(?P<mark>['\"`])(?P<path>/[^'\"`\n]{0,200})(?P=mark)")
_BY_HAND = regex(
    r"\b(?:req\.url|req\.path|request\.url|request\.path|pathname)\??\s*={2,3}\s*(?P<mark>['\"`])(?P<path>/[^'\"`\n]{0,200})(?P=mark)",
    words=("req.url", "req.path", "request.url", "request.path", "pathname"),
)
"""What the handler of a plain server compares the path with that it was asked for."""
_PLAIN_SERVER = regex(r"\bcreateServer\(|\bBun\.serve\(|\bDeno\.serve\(", words=("createServer(", "Bun.serve(", "Deno.serve("))
_ROUTER = regex(r"(?:app|router|server|fastify|api|routes?)$", re.IGNORECASE)
_BEFORE = regex(r"\w+\Z")
_IS_APPLICATION = regex(r"(?i)\w*(?:app|server)")
_LONGEST_NAME = 40
"""Characters before a method that are looked at for the name of a router."""
_CONTROLLER = regex(r"@Controller\(\s*(?:\{[^}]{0,200}?path:\s*)?(?:['\"](?P<path>[^'\"\n]*)['\"])?")
_NEST_ROUTE = regex(r"@(?:Get|Post|Put|Patch|Delete|All)\(\s*(?:['\"](?P<path>[^'\"\n]*)['\"]\s*)?\)")
_FACTS = (
    (
        "server-entry",
        ("listen(", "NestFactory"),
        re.compile(r"\b(?:app|server|httpServer|fastify)\.listen\(|NestFactory\.create"),
    ),
    (
        "logging-json",
        ("pino", "bunyan", "fastify", "format.json"),
        re.compile(r"(?:require\(|from\s+)['\"](?P<detail>pino|pino-http|nestjs-pino|bunyan|fastify)['\"]|format\.json\(\)"),
    ),
    (
        "metrics-library",
        ("prom",),
        re.compile(
            r"(?:require\(|from\s+)['\"](?P<detail>prom-client|express-prom-bundle|express-prometheus-middleware"
            r"|@willsoto/nestjs-prometheus|@opentelemetry/exporter-prometheus)['\"]"
        ),
    ),
    (
        "tracing",
        ("Sentry", "NodeSDK", "dd-trace"),
        re.compile(r"\b(?P<detail>Sentry)\.init\(|new\s+(?P<otel>NodeSDK)\(|require\(['\"](?P<dd>dd-trace)['\"]\)\.init"),
    ),
    ("cors", ("cors(",), re.compile(r"\bcors\(\s*\)|\bcors\(\s*\{[^}]{0,300}?origin:\s*['\"]\*['\"]")),
)
"""Each kind with words without which its pattern cannot match: looking for a word costs next to nothing."""
_SCRAPE = regex(
    r"\bregister\.metrics\(\)|client\.register\.metrics|promBundle\(|PrometheusModule\.register",
    words=("PrometheusModule.register", "client.register.metrics", "promBundle(", "register.metrics()"),
)
_MARK = regex(r"[\"'`]|/\*|(?<![:\\])//")
_CONTENT = {
    '"': re.compile(r"(?:[^\"\\\n]|\\.)*+", re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*+", re.DOTALL),
    "`": re.compile(r"(?:[^`\\]|\\.)*+", re.DOTALL),
}
_WORDS = (
    *WORDS,
    "Deno.env",
    "Bun.env",
    "import.meta.env",
    "getEnv(",
    "env('",
    'env("',
    "onfig.get",
    "ervice.get",
    "env.get",
    "@Controller",
    *(word for _, words, _ in _FACTS for word in words),
)


def read_javascript(path: str, text: str) -> CodeReading:
    """Return the variables, literal defaults, routes and libraries of a JavaScript or TypeScript file."""
    if not holds(text, _WORDS) and not _ROUTE.search(text) and not _PLAIN_SERVER.search(text):
        return CodeReading()
    bare = _without_comments(text)
    settings: list[SettingDefault] = []
    reads: list[EnvRead] = []
    asked: set[EnvRead] = set()
    guarded = bool(_DEV_FILE.search(path))
    places = Places(path, text)
    for match in _READ.finditer(bare):
        name = match["name"] or match["quoted"]
        where = places.at(match.start())
        value = match["value"] if match["value"] is not None else match["number"]
        has_default = bool(_HAS_DEFAULT.search(match[0]))
        kept = "??" in match[0] and (is_kept(value) or (value is None and _ANOTHER.match(bare, match.end())))
        only_asked = not has_default and bool(_ONLY_ASKED.match(bare, match.end()))
        reads.append(EnvRead(name, not (has_default or only_asked), where, empty="kept" if kept else ""))
        if only_asked:
            asked.add(reads[-1])
        if value is not None:
            settings.append(setting(name, value, "expression", where, guarded=guarded))
    reads += _other_reads(places, bare)
    reads = _with_schema(reads, asked, tuple(schema_reads(places, bare)))
    reads += refused_reads(places, bare, frozenset(item.name for item in reads))
    settings += _destructured_defaults(places, bare, guarded=guarded)
    settings += schema_defaults(places, bare, guarded=guarded)
    return reading(with_fallbacks(places, bare, settings), reads, _facts(path, places, bare))


def _with_schema(reads: list[EnvRead], asked: set[EnvRead], declared: tuple[EnvRead, ...]) -> list[EnvRead]:
    """Return the reads of a file with those of its schema: what it only asks of a variable that the schema demands (`if
    (process.env.X === "") delete process.env.X`) is no default.
    """
    demanded = {read.name for read in declared if read.fails}
    known = (replace(read, required=True) if read in asked and read.name in demanded else read for read in reads)
    return [*known, *declared]


def _without_comments(text: str) -> str:
    """Return the text with blanks for its comments; what stands in quotes is none."""
    parts: list[str] = []
    done = position = 0
    open_until = dict.fromkeys(_CONTENT, 0)
    while match := _MARK.search(text, position):
        start, mark = match.start(), match[0]
        position = match.end()
        if mark in _CONTENT:
            if start < open_until[mark]:
                continue  # the search for the end of an earlier quote has passed here and found none
            content = _CONTENT[mark].match(text, position)
            end = content.end() if content else position
            if text[end : end + 1] == mark:
                position = end + 1
            else:
                open_until[mark] = end
            continue
        position = _end_of_comment(text, mark, position)
        parts += [text[done:start], blank(text[start:position])]
        done = position
    return "".join([*parts, text[done:]])


def _end_of_comment(text: str, mark: str, start: int) -> int:
    end = text.find("*/" if mark == "/*" else "\n", start)
    if end < 0:
        return len(text)
    return end + 2 if mark == "/*" else end


def _other_reads(places: Places, bare: str) -> list[EnvRead]:
    found = []
    for match in _CONFIG_GET.finditer(bare):
        default = _NEXT_DEFAULT.match(bare, match.end())
        kept = default is not None and is_kept(default["value"] or default["number"])
        throws, where = bool(match["throws"]), places.at(match.start())
        found.append(EnvRead(match["name"], required=throws, location=where, fails=throws, empty="kept" if kept else ""))
    found += [EnvRead(match["name"], required=False, location=places.at(match.start())) for match in _HELPER.finditer(bare)]
    for match in _DESTRUCTURED.finditer(bare):
        where = places.at(match.start())
        for part in match["names"].split(","):
            name = re.match(rf"\s*({_NAME})", part)
            default = _PART.search(part)
            kept = default is not None and is_kept(default["value"])
            if name:
                found.append(EnvRead(name[1], "=" not in part, where, empty="kept" if kept else ""))
    return found


def _destructured_defaults(places: Places, bare: str, *, guarded: bool) -> Iterator[SettingDefault]:
    """Yield the literals of `const { X = "literal" } = process.env`."""
    for match in _DESTRUCTURED.finditer(bare):
        for part in _PART.finditer(match["names"]):
            where = places.at(match.start("names") + part.start("name"))
            yield setting(part["name"], part["value"], "expression", where, guarded=guarded)


def _facts(path: str, places: Places, bare: str) -> list[CodeFact]:
    found = [
        CodeFact(kind, _detail(kind, path, match), places.at(match.start()))
        for kind, words, pattern in _FACTS
        if any(word in bare for word in words)
        for match in pattern.finditer(bare)
    ]
    scrapes = bool(_SCRAPE.search(bare))
    routes = [(_route(bare, match), match.start()) for match in _ROUTE.finditer(bare) if _is_route(match)]
    routes += _nest_routes(bare)
    if _PLAIN_SERVER.search(bare):
        routes += [(match["path"], match.start()) for match in _BY_HAND.finditer(bare)]
    for route, start in routes:
        where = places.at(start)
        found.append(CodeFact("http-route", route, where))
        if scrapes and route.rstrip("/").endswith("/metrics"):
            found.append(CodeFact("metrics-route", route, where))
    if scrapes and not any(fact.kind == "metrics-route" for fact in found):
        library = re.search(r"promBundle\(|PrometheusModule\.register", bare)
        if library:
            found.append(CodeFact("metrics-route", "/metrics", places.at(library.start())))
    return found


def _is_route(match: re.Match[str]) -> bool:
    """Whether the method is one of a router, by the router's name; `use` counts for metrics only, as it mounts anything."""
    before = match.string[max(match.start() - _LONGEST_NAME, 0) : match.start()]
    return bool(_ROUTER.search(before)) and (match["method"] != "use" or "metrics" in match["path"])


def _route(bare: str, match: re.Match[str]) -> str:
    """Return the path of a route; that of a router, or of a plugin, which another file mounts, is known by its end alone."""
    name = _BEFORE.search(bare, max(match.start() - _LONGEST_NAME, 0), match.start())
    if name is None or (_IS_APPLICATION.fullmatch(name[0]) and f"{name[0]} = express.Router(" not in bare):
        return match["path"]
    made = re.search(rf"\b{re.escape(name[0])}\b[^=\n;(]*=\s*(?:await\s+)?(?P<maker>[\w.]+(?:\s+[\w.]+)?)\s*[(<]", bare)
    if made is not None and not made["maker"].endswith("Router"):
        return match["path"]
    return f"*{match['path']}"


def _detail(kind: str, path: str, match: re.Match[str]) -> str:
    if kind == "server-entry":
        return path
    if kind == "cors":
        return "any-origin"
    words = [word for word in match.groupdict().values() if word]
    names = {"Sentry": "sentry", "NodeSDK": "opentelemetry", "dd-trace": "datadog"}
    return names.get(words[0], words[0]) if words else "winston"


def _nest_routes(bare: str) -> list[tuple[str, int]]:
    controllers = [(match.start(), match["path"] or "") for match in _CONTROLLER.finditer(bare)]
    found = []
    for match in _NEST_ROUTE.finditer(bare) if controllers else ():
        prefix = next((path for start, path in reversed(controllers) if start < match.start()), None)
        if prefix is not None:
            parts = [part.strip("/") for part in (prefix, match["path"] or "") if part.strip("/")]
            found.append(("/" + "/".join(parts), match.start()))
    return found
