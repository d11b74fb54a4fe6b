"""What the code answers where its health is asked for: the same at any time, or something that it has looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.plain_handlers import LONGEST, balanced, is_constant, stripped

_NAMES = (
    r"(?:health(?:z|check|-check|_check)?(?:/(?:live|ready|liveness|readiness|detail(?:ed|s)?|deep|full|db|database|dependencies))?"
    r"|status|readyz?|readiness|livez?|liveness|ping|heartbeat|up|alive)"
)
_PATH = rf"(?P<path>/?(?:[\w.-]{{1,60}}/){{0,8}}{_NAMES})/?"
_HANDLER = r"\w*(?:[Hh]ealth|[Pp]ing|[Ll]ive|[Rr]ead(?:y|iness)|[Aa]live)\w*"
"""How handlers of such routes are called."""
_MOST = 60
"""Answers of one file; no person writes more."""
_WORDS = ("ealth", "ing", "ive", "eady", "eadiness")
_SCRIPT = (".js", ".ts", ".mjs", ".cjs", ".mts")
_OF_FILE = regex(
    rf"(?:^|/)(?:app|routes)/(?P<path>(?:[\w()@.-]+/)*{_NAMES})/(?:route|\+server)\.[cm]?[jt]s$"
    rf"|(?:^|/)pages/(?P<page>api/(?:[\w-]+/)*{_NAMES})(?:/index)?\.[cm]?[jt]s$"
    rf"|(?:^|/)server/(?P<nitro>(?:api|routes)/(?:[\w-]+/)*{_NAMES})(?:/index)?(?:\.get)?\.[cm]?[jt]s$"
)
_GROUP = regex(r"\([^()]*\)/")
_OF_EXPORT = regex(
    r"^export\s+(?:(?:async\s+)?function\s+(?:GET|loader)\b|const\s+(?:GET|loader)\b[^=\n]*=|default\s+)", re.MULTILINE
)
_JS_ROUTE = regex(rf"\.(?:get|all|use)\(\s*[\"'`]{_PATH}[\"'`]\s*,")
_OWN_ROUTE = regex(r"\.get\(\s*[\"'`]/[\"'`]\s*,")
_JS_ASKED = regex(rf"\b(?:url|pathname|path)\s*={{2,3}}\s*[\"'`]{_PATH}[\"'`]")
_NEST = regex(
    r"@Controller\(\s*(?:{\s*path:\s*)?[\"'`](?P<path>/?[\w/-]+)[\"'`]|@Get\(\s*(?:[\"'`](?P<own>[\w/-]*)[\"'`])?\s*\)"
)
_NEST_METHOD = regex(r"^[ \t]*(?:(?:public|async)\s+)*[a-zA-Z_]\w*\s*\(", re.MULTILINE)
_PY_ROUTE = regex(
    rf"^[ \t]*@[\w.]+\.(?:get|route|api_route)\(\s*(?:[\w.]+\s*\+\s*)?[\"']{_PATH}[\"'][^\n]*\n"
    r"(?:[ \t]*[^\s@d][^\n]*\n|[ \t]*@[^\n]*\n){0,15}?[ \t]*(?P<def>(?:async\s+)?def\s+\w+)",
    re.MULTILINE,
)
_PY_VIEW = regex(rf"\bpath\(\s*[\"']{_PATH}[\"']\s*,\s*(?:(?P<lambda>lambda\b)|(?:\w+\.)*(?P<view>\w+))")
_PY_NAMED = regex(rf"^(?:async\s+)?def\s+(?P<name>{_HANDLER})\s*\(\s*_?request\b", re.MULTILINE, words=_WORDS)
_GO_ROUTE = regex(rf"\.(?:HandleFunc|GET|Get|Handle|handle|Any)\(\s*\"(?:GET\s+)?{_PATH}\"\s*,")
_GO_NAMED = regex(rf"^func\s+(?:\([^()\n]*\)\s+)?(?P<name>{_HANDLER})\s*\(", re.MULTILINE, words=_WORDS)
_JAVA_ROUTE = regex(rf"@GetMapping\(\s*(?:(?:value|path)\s*=\s*)?\{{?\s*\"{_PATH}\"")
_JAVA_METHOD = regex(r"\bpublic\s+[\w<>?,\s.]{1,120}?\b\w+\s*\([^{};]{0,400}\)\s*(?:throws\s+\w+\s*)?\{")
_CS_ROUTE = regex(rf"\.MapGet\(\s*\"{_PATH}\"\s*,")
_CS_MAPPED = regex(rf"\.MapHealthChecks\(\s*\"{_PATH}\"")
_CS_METHOD = regex(rf"\[(?:HttpGet|Route)\(\"{_PATH}\"")
_RB_ROUTE = regex(
    rf"^\s*(?:get|match)\s+[\"']{_PATH}[\"']\s*(?:=>|,\s*to:)\s*(?:[\"'](?P<action>[\w/]+#(?P<name>\w+))[\"']|(?P<proc>(?:proc|->|lambda)[^\n]*))",
    re.MULTILINE,
)
_RB_NAMED = regex(
    r"^(?P<indent>[ \t]+)def\s+(?P<name>\w*(?:health|up|ping|ready|live)\w*)[ \t]*\n"
    r"(?P<body>(?:[^\n]*\n){1,8}?)(?P=indent)end\b",
    re.MULTILINE,
    words=("health", "up", "ping", "ready", "live"),
)
_RB_CONSTANT = regex(
    r"(?:\s*(?:skip_authorization|authorize\b[^\n]*|expires_now)?\s*(?:head\s+:ok|head\s+200|render\s+(?:json|plain|body|html)?:?\s*[^\n]*)\s*)"
)
_PHP_UP = regex(rf"\bhealth:\s*[\"']{_PATH}[\"']")
_PHP_ROUTE = regex(rf"Route::get\(\s*[\"']{_PATH}[\"']\s*,")
_RS_ROUTE = regex(rf"\.route\(\s*\"{_PATH}\"\s*,\s*(?:web::)?get\((?:\)\.to\()?")
_RS_NAMED = regex(rf"^[ \t]*(?:pub\s+)?async\s+fn\s+(?P<name>{_HANDLER})\s*\(", re.MULTILINE, words=_WORDS)
_ADDS = {
    "cs": regex(
        r"(?:AddHealthChecks|IHealthChecksBuilder)\b[^{}]{0,2000}?\.Add(?:DbContextCheck|TypeActivatedCheck|AsyncCheck|NpgSql|SqlServer|MySql|Redis"
        r"|Mongo\w*|RabbitMQ|Sqlite|Oracle|Elasticsearch|Kafka|Azure\w+|Url\w*|Check\b(?!\(\s*\"[^\"\n]*\"\s*,\s*\(\)\s*=>\s*HealthCheckResult\.Healthy))",
        words=("HealthChecks",),
    ),
    "php": regex(r"\bDiagnosingHealth\b", words=("DiagnosingHealth",)),
}
"""What adds a check to the route of a framework."""
_LOOKS_BEFORE = regex(
    r"(?i:database|redis|mongo)|\b(?:check|ensure|require|ping|verify)(?:_\w|[A-Z])|\b(?:db|ready)\b|\bDepends\("
)
"""What stands between a route and its handler and looks before it answers: a middleware, a dependency."""
_IDENTIFIER = regex(r"[\w$.:]*?(?P<name>[A-Za-z_$][\w$]*)\s*(?:\)\s*)*")
_SIGNS = regex(r"=>|\bfunction\b|\bfunc\b|\bfn\b|\blambda\b|\|\||async\s*\{")
_HANDS_ON = regex(r"\{?\s*(?:return\s+)?(?:await\s+)?this\.\w+\.(?P<name>\w+)\(\)\s*;?\s*\}?")
_JS_NAMED = regex(
    r"^[ \t]*(?:export\s+)?(?:static\s+)?(?:(?:async\s+)?(?:function\s+)?"
    rf"(?P<name>{_HANDLER})\s*\([^()\n]*\)\s*(?::[^={{\n]*)?\{{"
    rf"|const\s+(?P<const>{_HANDLER})\s*(?::[^=\n]*)?=\s*(?:async\s*)?\()",
    re.MULTILINE,
    words=_WORDS,
)


@frozen
class _Answer:
    """A handler: the route that leads to it, or its own name; its text, or the name of the one that the route hands on to."""

    route: str = ""
    name: str = ""
    offset: int = 0
    body: str = ""
    handed: str = ""
    constant: bool | None = None


def health_route_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield what is found of the answers about health.

    `health-constant` and `health-looked` carry the route, with `*` before it where a prefix may stand; `health-named` the route
    and the name of its handler, and `health-handler` such a name and what it does. `health-added` is a check that is added to
    the route of a framework, which makes none by itself.
    """
    places = Places(path, text)
    added = _ADDS[path.rpartition(".")[2]].search(text) if path.endswith((".cs", ".php")) else None
    if added:
        yield CodeFact("health-added", "", places.at(added.start()))
    for answer in islice(_answers(path, text), _MOST):
        place = places.at(answer.offset)
        if answer.handed and not answer.body:
            yield CodeFact("health-named", f"{answer.route} {answer.handed}", place)
            continue
        constant = is_constant(answer.body) if answer.constant is None else answer.constant
        what = "constant" if constant else "looked"
        if answer.name:
            yield CodeFact("health-handler", f"{answer.name} {what}", place)
        else:
            yield CodeFact(f"health-{what}", answer.route, place)


def _answers(path: str, text: str) -> Iterator[_Answer]:
    ending = path.rpartition(".")[2]
    if path.endswith(_SCRIPT):
        yield from _of_script(path, text)
    elif ending in _BY_ENDING:
        yield from _BY_ENDING[ending](text)


def _handler(route: str, match: re.Match[str], text: str) -> _Answer:
    """Return what follows a route in the parentheses of its call: a function, or the name of one."""
    call = balanced(text, match.start())
    rest = call[match.end() - match.start() - (text.find("(", match.start()) - match.start()) :] if call else ""
    return _function(route, match.start(), rest)


def _function(route: str, offset: int, rest: str) -> _Answer:
    bare = stripped(rest)
    if rest and not _SIGNS.search(bare):
        last = bare.rstrip(" \t\n);").rpartition(",")[2].strip()
        named = _IDENTIFIER.fullmatch(last)
        return _Answer(route, offset=offset, handed=named["name"]) if named else _Answer(route, offset=offset, constant=False)
    signs = _SIGNS.search(rest)
    # What stands before the function is a middleware or an option.
    start = (
        max(rest.rfind(",", 0, rest.find("(", 0, signs.start()) if signs and "(" in rest[: signs.start()] else 0), 0)
        if signs
        else 0
    )
    if _LOOKS_BEFORE.search(stripped(rest[:start])):
        return _Answer(route, offset=offset, constant=False)
    return _Answer(route, offset=offset, body=rest[start:] or "unread()")


# --- JavaScript and TypeScript ----------------------------------------------------------------------------------------


def _of_script(path: str, text: str) -> Iterator[_Answer]:
    of_file = _OF_FILE.search(path)
    if of_file:
        found = next(part for part in of_file.groups() if part)
        export = _OF_EXPORT.search(text)
        body = text[export.start() :] if export else "unread()"
        yield _Answer(f"/{_GROUP.sub('', found)}", offset=export.start() if export else 0, body=body)
        return
    for match in _JS_ROUTE.finditer(text):
        yield _handler(_any(match["path"]), match, text)
    stem = re.search(rf"(?:^|/)(?P<path>{_NAMES})(?:[._-]?(?:routes?|router|controller))?\.[cm]?[jt]s$", path)
    for match in _OWN_ROUTE.finditer(text) if stem else ():
        yield _handler(_any(stem["path"] if stem else ""), match, text)
    for match in _JS_ASKED.finditer(text):
        yield _Answer(_any(match["path"]), offset=match.start(), body=balanced(text, match.end(), "{}") or "unread()")
    if "@Get(" in text:
        yield from _of_nest(text)
    for match in _JS_NAMED.finditer(text):
        yield _named(match["name"] or match["const"], match, text)


def _of_nest(text: str) -> Iterator[_Answer]:
    above = ""
    for match in _NEST.finditer(text):
        if match["path"] is not None:
            above = match["path"].strip("/")
            continue
        route = "/".join(part for part in (above, (match["own"] or "").strip("/")) if part)
        method = _NEST_METHOD.search(text, match.end(), match.end() + LONGEST)
        if method is None or not re.fullmatch(rf"(?:[\w-]+/)*{_NAMES}", route):
            continue
        end = method.end() - 1 + len(balanced(text, method.end() - 1))
        body = balanced(text, end, "{}")
        handed = _HANDS_ON.fullmatch(body.strip())
        place = _Answer(_any(route), offset=match.start(), body=body or "unread()")
        yield _Answer(_any(route), offset=match.start(), handed=handed["name"]) if handed else place


def _named(name: str, match: re.Match[str], text: str) -> _Answer:
    start = text.find("(", match.start())
    end = start + len(balanced(text, start))
    arguments = text[start:end]
    return _Answer(name=name, offset=match.start(), body=arguments + (balanced(text, end, "{}") or "unread()"))


def _any(path: str) -> str:
    return f"*/{path.lstrip('/')}"


# --- the other languages ----------------------------------------------------------------------------------------------


def _of_python(text: str) -> Iterator[_Answer]:
    for match in _PY_ROUTE.finditer(text):
        looks = _LOOKS_BEFORE.search(stripped(text[match.end("path") + 1 : match.start("def")])) is not None
        body = _below(text, match.start("def"))
        yield _Answer(_any(match["path"]), offset=match.start(), body=body, constant=False if looks else None)
    for match in _PY_VIEW.finditer(text):
        if match["lambda"]:
            yield _Answer(
                _any(match["path"]), offset=match.start(), body=balanced(text, match.start())[5 + len(match["path"]) :]
            )
        elif match["view"] not in {"include", "as_view"}:
            yield _Answer(_any(match["path"]), offset=match.start(), handed=match["view"])
    for match in _PY_NAMED.finditer(text):
        yield _Answer(name=match["name"], offset=match.start(), body=_below(text, match.start()))


def _below(text: str, start: int) -> str:
    """Return a function of Python: its head, and what is indented below it."""
    line = text.rfind("\n", 0, start) + 1
    indent = len(text[line:start]) - len(text[line:start].lstrip()) if text[line:start].strip() else start - line
    head = balanced(text, start)
    end = text.find("\n", text.find(head, start) + len(head))
    lines = []
    for item in text[end + 1 : end + 1 + LONGEST].split("\n") if end >= 0 else ():
        if item.strip() and len(item) - len(item.lstrip()) <= indent:
            break
        lines.append(item)
    name = text.find("(", start)
    return f"{head}{text[name + len(head) : end]}\n" + "\n".join(lines)


def _of_go(text: str) -> Iterator[_Answer]:
    for match in _GO_ROUTE.finditer(text):
        yield _handler(_any(match["path"]), match, text)
    for match in _GO_NAMED.finditer(text):
        start = match.end() - 1
        end = start + len(balanced(text, start))
        yield _Answer(
            name=match["name"], offset=match.start(), body=text[start:end] + (balanced(text, end, "{}") or "unread()")
        )


def _of_java(text: str) -> Iterator[_Answer]:
    for match in _JAVA_ROUTE.finditer(text):
        method = _JAVA_METHOD.search(text, match.end(), match.end() + LONGEST)
        body = balanced(text, method.end() - 1, "{}") if method else ""
        yield _Answer(_any(match["path"]), offset=match.start(), body=body or "unread()")


def _of_csharp(text: str) -> Iterator[_Answer]:
    for match in _CS_ROUTE.finditer(text):
        yield _handler(_any(match["path"]), match, text)
    for match in _CS_MAPPED.finditer(text):
        yield _Answer(_any(match["path"]), offset=match.start(), handed="MapHealthChecks")
    for match in _CS_METHOD.finditer(text):
        yield _Answer(_any(match["path"]), offset=match.start(), constant=False)


def _of_ruby(text: str) -> Iterator[_Answer]:
    for match in _RB_ROUTE.finditer(text):
        if match["action"] == "rails/health#show" or match["proc"]:
            yield _Answer(_any(match["path"]), offset=match.start(), constant=True)
        else:
            yield _Answer(_any(match["path"]), offset=match.start(), handed=match["name"])
    for match in _RB_NAMED.finditer(text):
        plain = _RB_CONSTANT.fullmatch(match["body"]) is not None and "@" not in match["body"]
        yield _Answer(name=match["name"], offset=match.start(), constant=plain)


def _of_php(text: str) -> Iterator[_Answer]:
    for match in _PHP_UP.finditer(text):
        yield _Answer(match["path"], offset=match.start(), handed="DiagnosingHealth")
    for match in _PHP_ROUTE.finditer(text):
        yield _handler(_any(match["path"]), match, text)


def _of_rust(text: str) -> Iterator[_Answer]:
    for match in _RS_ROUTE.finditer(text):
        rest = balanced(text, match.end() - 1)
        yield _function(_any(match["path"]), match.start(), rest[1:-1])
    for match in _RS_NAMED.finditer(text):
        start = match.end() - 1
        end = start + len(balanced(text, start))
        yield _Answer(
            name=match["name"], offset=match.start(), body=text[start:end] + (balanced(text, end, "{}") or "unread()")
        )


_BY_ENDING = {
    "py": _of_python,
    "go": _of_go,
    "java": _of_java,
    "kt": _of_java,
    "cs": _of_csharp,
    "rb": _of_ruby,
    "php": _of_php,
    "rs": _of_rust,
}
