"""Files of the repository that code opens while it runs: beside itself, where compilers leave them, or where it works."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scaffold.model.known import below, known
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_Glance = Callable[[str], str | None]
_JAVASCRIPT = (".js", ".ts", ".mjs", ".cjs", ".mts", ".cts")
_DATA = frozenset(
    (
        *(".sql", ".hbs", ".handlebars", ".ejs", ".pug", ".mjml", ".html", ".htm", ".mustache", ".njk", ".liquid", ".eta"),
        *(".tmpl", ".gohtml", ".graphql", ".graphqls", ".gql", ".proto", ".json", ".yaml", ".yml", ".toml", ".txt", ".csv"),
        *(".xml", ".lua", ".prisma", ".wasm", ".ttf", ".otf", ".css", ".svg", ".png", ".jpg", ".ico", ".tpl", ".tera", ".xsd"),
    )
)
"""Endings that no compiler writes to its output."""
_QUOTED = regex(r"(?P<mark>[\"'`])(?P<text>[^\"'`$\n]{1,120})(?P=mark)")
_TEXTS = r"(?P<{}>(?:\s*+(?:,\s*+)?[\"'`][\w./* @-]+[\"'`])+)"
_HERE = r"(?:__dirname|import\.meta\.dirname)"
_JS_BESIDE = regex(
    rf"(?:\b(?:join|resolve)\(\s*{_HERE}\s*,{_TEXTS.format('joined')}\s*(?:,\s*)?\)"
    r"|\bnew URL\(\s*[\"'`](?P<address>\.{1,2}/[\w./-]+)[\"'`]\s*,\s*import\.meta\.url"
    rf"|\$\{{{_HERE}\}}(?P<pattern>/[\w./-]+)`|{_HERE}\s*\+\s*[\"'`](?P<added>/[\w./-]+)[\"'`])",
    words=("__dirname", "import.meta"),
)
_JS_WORK = regex(
    rf"(?:\b(?:join|resolve)\(\s*process\.cwd\(\)\s*,{_TEXTS.format('joined')}\s*(?:,\s*)?\)"
    r"|\b(?:readFile(?:Sync)?|readdir(?:Sync)?|express\.static|\bloadSync)\(\s*[\"'`](?P<opened>(?:\./)?\w[\w./-]*)[\"'`]"
    r"|\bmigrationsFolder\s*:\s*[\"'`](?P<folder>[\w./-]+)[\"'`])"
)
_JS_OWN_FOLDER = regex(
    rf"\breaddir(?:Sync)?\(\s*(?:{_HERE}|(?P<name>\w+))\s*[,)][\s\S]{{0,200}}?\.endsWith\(\s*[\"'`](?P<ending>\.\w+)[\"'`]",
    words=("readdir",),
)
_CALLS_TAKES = regex(r"existsSync\(|\baccess(?:Sync)?\(|\bstatSync\(|\bwriteFile|createWriteStream|mkdirSync|\bcatch\b")
_GO = regex(
    r"(?:\bos\.(?:ReadFile|Open|ReadDir)\(\s*|\bParse(?:Files|Glob)\(\s*|\bLoadHTML(?:Files|Glob)\(\s*|\bhttp\.Dir\(\s*"
    r"|\.Static(?:File)?\(\s*\"[^\"\n]*\"\s*,\s*)\"(?P<opened>(?:\./)?\w[\w./*-]*)\"|\"file://(?P<address>(?:\./)?\w[\w./-]*)\""
)
_RUST = regex(r"(?:\bTera::new\(|\bServe(?:Dir|File)::new\(|\bread_to_string\()\s*&?\"(?P<opened>(?:\./)?\w[\w./*-]*)\"")
_FROM_SETTINGS = regex(r"env|flag\.|config|viper|unwrap_or", re.IGNORECASE)
_MOST = 40
"""Places of one file that are looked at: each asks for the files of the project."""
_COMMENTED = regex(r"^\s*(?://|\*|#|/\*)")

# --- compilers --------------------------------------------------------------------------------------------------------

_PARTS = regex(r"&&|\|\||;")
_RUNS = regex(r"(?:npm|pnpm|yarn|bun)(?:\s+run)?\s+(?:-s\s+|--silent\s+)?(?P<name>[\w:.-]+)|run-[sp]\s+(?P<names>[\w:. -]+)")
_PLAIN_COMPILER = regex(
    r"(?:npx\s+|node_modules/\.bin/|\./node_modules/\.bin/)?(?:tsc(?!-)\b|swc\b(?!.*(?:--copy-files|\s-D\b))"
    r"|babel\b(?!.*(?:--copy-files|\s-D\b|copy-ignored))|nest\s+build\b|esbuild\b(?!.*--loader)|tsup\b(?!.*(?:--loader|--public-dir|publicDir)))"
)
_TAKES_NOTHING = regex(
    r"(?:npx\s+)?(?:rimraf|rm|del-cli|shx\s+rm|echo|eslint|prisma\s+generate|tsc-alias|tspath|resolve-tspaths|prettier|tsc\s+--noEmit|"
    r"del|cross-env|chmod|NODE_ENV=\S+)\b"
)
_WILD = regex(r"[*?\[]")
_SETTINGS_OF_COMPILERS = ("nest-cli.json", "tsup.config.ts", "tsup.config.js", ".swcrc")


def read_files(marked: Iterable[str], files: frozenset[str], glance: _Glance) -> Iterator[CodeFact]:
    """Yield a `reads-file` fact for each file or folder of the repository that code opens and does not ask after first.

    The detail is the form and the path: `compiled` beside a module of which a compiler writes only its own output, `beside`
    for a script that runs as it is, `work` for one below the working directory, taken as the folder of the nearest manifest.
    """
    built = _Builds(files, glance)
    for path in marked:
        text = glance(path) or ""
        places = Places(path, text)
        seen: set[str] = set()
        for form, wanted, offset in islice(_opened(path, text), _MOST):
            folder = built.folder(path)
            base = posixpath.dirname(path) if form == "beside" else folder
            found = None if folder is None or base is None else _held(posixpath.join(base, wanted), files)
            if found is None or found in seen or _is_asked(text, offset):
                continue
            seen.add(found)
            compiled = form == "beside" and path.endswith("ts")
            if compiled and (not built.is_plain(folder or "") or _is_imported(found, files, glance)):
                continue
            yield CodeFact("reads-file", f"{'compiled' if compiled else form} {found}", places.at(offset))


def _opened(path: str, text: str) -> Iterator[tuple[str, str, int]]:
    """Yield form, path and offset of each place that a text opens."""
    if path.endswith(_JAVASCRIPT):
        for match in _JS_BESIDE.finditer(text):
            yield "beside", _joined(match), match.start()
        for match in _JS_WORK.finditer(text):
            yield "work", _joined(match), match.start()
        own = _JS_OWN_FOLDER.search(text)
        if own and (own["name"] is None or re.search(rf"\b{own['name']}\s*=\s*{_HERE}\s*;?\s*\n", text)):
            yield "beside", f"*{own['ending']}", own.start()
        return
    for match in (_GO if path.endswith(".go") else _RUST).finditer(text):
        yield "work", _joined(match), match.start()


def _joined(match: re.Match[str]) -> str:
    groups = match.groupdict()
    parts = [found["text"].strip() for found in _QUOTED.finditer(groups.get("joined") or "")]
    one = next((value for name, value in groups.items() if value and name != "joined"), "")
    return posixpath.normpath("/".join(parts) if parts else one.lstrip("/"))


def _held(path: str, files: frozenset[str]) -> str | None:
    """Return a file of data, or a folder or pattern of such, as a path of the repository; None where none is there."""
    clean = posixpath.normpath(path)
    if clean.startswith("..") or clean in {".", ""}:
        return None
    if clean in files:
        return clean if posixpath.splitext(clean)[1] in _DATA and not _is_of_package(clean) else None
    wild = "*" in clean
    listed = known(_sorted, files)
    # A pattern is looked for in the folders that it names before its first star, question mark or bracket.
    fixed = posixpath.dirname(_WILD.split(clean, maxsplit=1)[0]) if wild else clean
    inside = (
        [file for file in below(listed, fixed) if not wild or fnmatch.fnmatchcase(file, clean)]
        if fixed
        else [file for file in listed if fnmatch.fnmatchcase(file, clean)]
    )
    if not inside or not all(
        posixpath.splitext(file)[1] in _DATA or "." not in posixpath.basename(file)[1:] for file in inside
    ):
        return None
    return clean


def _sorted(files: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(files))


def _is_of_package(path: str) -> bool:
    return posixpath.basename(path) in {"package.json", "package-lock.json", "tsconfig.json", "composer.json"}


def _is_asked(text: str, offset: int) -> bool:
    """Whether the line is a comment or takes another place from settings, or code near it does without the file."""
    start, end = text.rfind("\n", 0, offset) + 1, text.find("\n", offset)
    line = text[start : end if end > 0 else len(text)]
    if _COMMENTED.search(line) or _FROM_SETTINGS.search(line):
        return True
    return bool(_CALLS_TAKES.search(text[max(start - 300, 0) : offset + 500]))


def _is_imported(path: str, files: frozenset[str], glance: _Glance) -> bool:
    """Whether a module imports a file of JSON, which its compiler then writes too."""
    name = posixpath.basename(path)
    if not name.endswith(".json"):
        return False
    wanted = re.compile(rf"(?:from|require\(|import)\s*\(?[\"'][^\"'\n]*{re.escape(name)}[\"']")
    return any(wanted.search(text) for file in files if file.endswith(_JAVASCRIPT) and name in (text := glance(file) or ""))


class _Builds:
    """The manifests above modules, each read once: their folders, and whether their builds leave files of data behind."""

    def __init__(self, present: frozenset[str], glance: _Glance) -> None:
        self._present = present
        self._glance = glance
        self._plain: dict[str, bool] = {}

    def folder(self, path: str) -> str | None:
        """Return the folder of the nearest manifest of the module's language, or None."""
        name = "go.mod" if path.endswith(".go") else "Cargo.toml" if path.endswith(".rs") else "package.json"
        folder = posixpath.dirname(path)
        while True:
            if posixpath.join(folder, name) in self._present:
                return folder
            if not folder:
                return None
            folder = posixpath.dirname(folder)

    def is_plain(self, folder: str) -> bool:
        """Whether `build` of a package.json only compiles: each of its commands is known, and none takes files along."""
        if folder not in self._plain:
            self._plain[folder] = self._compiles(folder)
        return self._plain[folder]

    def _compiles(self, folder: str) -> bool:
        try:
            held = json.loads(self._glance(posixpath.join(folder, "package.json")) or "{}")
        except (RecursionError, ValueError):
            return False
        scripts = held.get("scripts") if isinstance(held, dict) else None
        if not isinstance(scripts, dict):
            return False
        settings = [self._glance(posixpath.join(folder, name)) or "" for name in _SETTINGS_OF_COMPILERS]
        if any(word in text for text in settings for word in ("assets", "copy", "loader", "publicDir", "webpack")):
            return False
        commands = list(_commands({str(name): str(text) for name, text in scripts.items()}, "build"))
        compiles = [text for text in commands if _PLAIN_COMPILER.match(text) and "noEmit" not in text]
        return bool(compiles) and all(_PLAIN_COMPILER.match(text) or _TAKES_NOTHING.match(text) for text in commands)


def _commands(scripts: dict[str, str], name: str) -> Iterator[str]:
    """Yield the commands of a script with those before and after it, and of the scripts that it calls, each read once."""
    seen: set[str] = set()
    pending = [name]
    while pending:
        script = pending.pop()
        if script in seen:
            continue
        seen.add(script)
        for part in _PARTS.split(";".join(scripts.get(item, "") for item in (f"pre{script}", script, f"post{script}"))):
            called = _RUNS.fullmatch(part.strip())
            names = (called["name"] or called["names"]).split() if called else []
            if names and all(item in scripts for item in names):
                pending += names
            elif part.strip():
                yield part.strip()
