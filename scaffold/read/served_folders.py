"""Which folders the handlers of static files serve where they take the program's own, and which database files code opens."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places, is_comment

_MODULE = (
    r"__dirname|import\.meta\.dirname|path\.(?:join|resolve)\(\s*__dirname\s*(?:,\s*[\"'](?:\./?|/)[\"']\s*)?\)"
    r"|__dirname\s*\+\s*[\"']/[\"']"
)
_WORK = r"process\.cwd\(\)|[\"'`]\./?[\"'`]|path\.resolve\(\s*(?:[\"']\./?[\"']\s*)?\)|path\.join\(\s*process\.cwd\(\)\s*\)"
_JS_FOLDER = rf"(?:(?P<module>{_MODULE})|(?P<work>{_WORK}))\s*[,)}}\n]"
_EXPRESS = regex(rf"\b(?:express\.static|serveStatic)\(\s*{_JS_FOLDER}")
_KOA = regex(rf"\.use\(\s*(?:\w+\(\s*)?(?:serve|static|koaStatic|koa_static)\(\s*{_JS_FOLDER}")
_FASTIFY = regex(
    rf"\.register\(\s*\w+(?:\([^()\n]*\))?\s*,\s*\{{[^{{}}]{{0,300}}?\broot\s*:\s*{_JS_FOLDER}",
)
_HAPI = regex(rf"\bdirectory\s*:\s*\{{[^{{}}]{{0,200}}?\bpath\s*:\s*{_JS_FOLDER}")
_HANDLERS = (
    (("express.static(", "serveStatic("), _EXPRESS, False),
    (("koa-static",), _KOA, False),
    (("@fastify/static", "fastify-static"), _FASTIFY, True),
    (("@hapi/inert",), _HAPI, False),
)
"""What a text with each form names, the form, and whether its handler serves files whose names start with a dot."""
_SHOWN = regex(r"\b(?:dotfiles\s*:\s*[\"']allow[\"']|hidden\s*:\s*true|showHidden\s*:\s*true)")
_PY_HERE = (
    r"(?P<module>os\.path\.(?:dirname\(\s*(?:os\.path\.abspath\(\s*)?__file__\s*\)+)|Path\(__file__\)(?:\.resolve\(\))?\.parent(?!\.|\s*/)"
    r"|app\.root_path)|(?P<work>[\"']\./?[\"']|os\.getcwd\(\)|Path\.cwd\(\))"
)
_FLASK = regex(rf"\bstatic_folder\s*=\s*(?:{_PY_HERE})\s*[,)\n]", words=("static_folder",))
_FLASK_SENDS = regex(
    rf"\bsend_from_directory\(\s*(?:directory\s*=\s*)?(?:{_PY_HERE})\s*,\s*(?:path\s*=\s*|filename\s*=\s*)?"
    r"\w+\s*[,)]"
)
_STARLETTE = regex(rf"\bStaticFiles\([^()\n]*?\bdirectory\s*=\s*(?:str\(\s*)?(?:{_PY_HERE})\s*[,)]", words=("StaticFiles(",))
_GO = regex(
    r"\bhttp\.FileServer\(\s*http\.Dir\(\s*(?P<work>[\"`]\./?[\"`])|\.Static\(\s*\"/\w*\"\s*,\s*(?P<gin>[\"`]\./?[\"`])\s*[,)]"
)
_OPENED = regex(
    r"(?P<mark>[\"'`])(?:file:|sqlite(?:\+\w+)?:(?:///)?)?(?P<text>[\w./-]{1,100}\.(?:db|sqlite3?))(?P=mark)"
    r"|sqlite(?:\+\w+)?:///(?P<url>[\w./-]{1,100}\.(?:db|sqlite3?))\b",
    words=("db", "sqlite"),
)
_HERE = regex(
    r"__dirname|__file__|import\.meta\.dirname|\b(?:BASE|ROOT|PROJECT|APP|CURRENT)_?(?:DIR|PATH|ROOT)\b", re.IGNORECASE
)
_BUILT = frozenset({"dist", "build", "out", "lib"})


def served_folder_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `serves-folder` fact for each handler that serves the folder of its own module, or the working directory.

    The detail is `hides` or `shows`, by what the handler does with files whose names start with a dot, and the folder as
    `code:` and a path of the repository or `work:` and one below the working directory.
    """
    places = Places(path, text)
    if path.endswith((".js", ".cjs", ".mjs", ".ts", ".mts")):
        found = _javascript(path, text)
    elif path.endswith(".py"):
        found = _python(text)
    else:
        found = _go(text) if path.endswith(".go") else iter(())
    for offset, is_module, shows in found:
        if not is_comment(text, offset):
            where = f"code:{posixpath.dirname(path) or '.'}" if is_module else "work:."
            yield CodeFact("serves-folder", f"{'shows' if shows else 'hides'} {where}", places.at(offset))


def _javascript(path: str, text: str) -> Iterator[tuple[int, bool, bool]]:
    # A compiler puts what it makes of a script elsewhere.
    is_moved = path.endswith("ts") or bool(_BUILT & set(path.split("/")[:-1]))
    for packages, pattern, shows in _HANDLERS:
        for match in pattern.finditer(text) if any(name in text for name in packages) else ():
            if not (is_moved and match["module"]):
                shown = _SHOWN.search(text, match.start(), match.end() + 200) is not None
                yield match.start(), match["module"] is not None, shows or shown


def _python(text: str) -> Iterator[tuple[int, bool, bool]]:
    for pattern, below_module in ((_FLASK, True), (_FLASK_SENDS, True), (_STARLETTE, False)):
        for match in pattern.finditer(text):
            # Flask takes what is relative below the folder of the application.
            asks = match["work"] is not None and "wd()" in match["work"]
            yield match.start(), match["module"] is not None or (below_module and not asks), True


def _go(text: str) -> Iterator[tuple[int, bool, bool]]:
    for match in _GO.finditer(text):
        yield match.start(), False, True


def opened_databases(paths: list[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield an `opens-database` fact for each database file that code names; the detail is its place, as that of a folder."""
    for path in paths:
        text = glance(path) or ""
        if "sqlite" not in text.lower():
            continue
        places = Places(path, text)
        for match in _OPENED.finditer(text):
            start = text.rfind("\n", 0, match.start()) + 1
            named = (match["text"] or match["url"]).removeprefix("./")
            if is_comment(text, match.start()) or named.startswith(".."):
                continue
            here = _HERE.search(text, start, match.start()) is not None
            folder = posixpath.dirname(path)
            where = named if named.startswith("/") else f"work:{named}"
            detail = f"code:{posixpath.normpath(posixpath.join(folder, named.lstrip('/')))}" if here else where
            yield CodeFact("opens-database", detail, places.at(match.start()))
