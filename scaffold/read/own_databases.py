"""Where code keeps a SQLite database at a path of its own: beside its module, or below the working directory."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.kept_files import LITERAL, below_work, folders_above, of_module, python_place
from scaffold.read.lines import Places

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_CONNECTS = regex(
    r"\bsqlite3\.connect\(|\bnew\s+(?:sqlite3\.)?Database(?:Sync)?\(|\bsql\.Open\(\s*\"sqlite3?\"", words=("Database", "sql")
)
_H2 = regex(r"(?m)^(?![ \t]*(?://|\*))[^\n]*?\"jdbc:h2:(?:file:|\./|~)", words=("jdbc:h2:",))
"""An address of H2 in a file that code makes; `mem:` keeps nothing."""
_MAKES = regex(r"(?i)\bcreate\s+table\b")
_ASSIGNED = regex(r"(?m)^[ \t]*(?:(?P<name>[A-Za-z_]\w*)[ \t]*(?::[\w.\[\]| \t]+)?=|return\b)\s*(?P<value>[^\n#]+)")
_FIRST = regex(r"\(?\s*(?:str\(|os\.path\.join\(\s*)?(?P<name>[A-Za-z_]\w*)\s*[/,]")
_FILE = regex(r".*[\w-]\.(?:db|sqlite3?)")
_OPENED = regex(
    r"(?:\bsqlite3\.connect\(|\bnew\s+(?:sqlite3\.)?Database(?:Sync)?\(|\bsql\.Open\(\s*\"sqlite3?\"\s*,)\s*"
    r"[\"'](?:file:)?(?P<text>(?:\.{0,2}/)?[\w./-]+\.(?:db|sqlite3?))[\"'?]",
    words=("Database", "sql"),
)
_JS_JOINED = regex(
    r"(?:(?:const|let|var)\s+(?P<name>\w+)(?:\s*:\s*string)?\s*=\s*(?:process\.env\.(?P<variable>[A-Z]\w*)\s*(?:\|\||\?\?)\s*)?"
    r"|\bDatabase(?:Sync)?\(\s*)(?:path\.)?(?:join|resolve)\(\s*(?P<base>process\.cwd\(\)|__dirname)\s*,\s*"
    r"(?P<parts>[\"'`][\w./-]+[\"'`](?:\s*,\s*[\"'`][\w./-]+[\"'`]){0,6})\s*\)",
    words=("process.cwd()", "__dirname"),
)
"""A path that a script joins, held by a name or handed to the database at once."""
_DJANGO = regex(
    r"(?m)^DATABASES\s*=\s*\{\s*[\"']default[\"']\s*:\s*\{\s*[\"']ENGINE[\"']\s*:\s*[\"']django\.db\.backends\.sqlite3[\"']\s*,"
    r"\s*[\"']NAME[\"']\s*:\s*(?P<value>[^\n]+)",
    words=("django.db.backends.sqlite3",),
)
_SETS_DATABASES = regex(r"(?m)^[ \t]*DATABASES\b")
_ASKS = regex(r"env|config\(|get\(")
_PASSING = regex(
    r"(?i)(?:^|[/_.-])(?:\w*cache\w*|tmp|temp|tests?|examples?|samples?|fixtures?|demo|seeds?|imports?|exports?|backups?)(?:$|[/_.-])"
)
"""Words of a path whose database may go."""


def own_database_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield what a module opens: `opens-h2` for H2 in a file, by code of Java, else what `_sqlite_facts` does."""
    if not path.endswith((".java", ".kt")):
        yield from _sqlite_facts(path, text)
        return
    embedded = _H2.search(text)
    if embedded is not None:
        yield CodeFact("opens-h2", "", Places(path, text).at(embedded.start()))


def _sqlite_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `opens-sqlite` fact for a module that opens a SQLite file, with its place as the detail where Django's settings
    give it, and a `kept-files` fact for each such file whose path it has, where it makes its tables as well.
    """
    if "backends.sqlite3" in text:
        yield from _django(path, text)
    opened = _CONNECTS.search(text) if "mode=ro" not in text else None
    if opened is None:
        return
    places = Places(path, text)
    yield CodeFact("opens-sqlite", "", places.at(opened.start()))
    if not _MAKES.search(text):
        return
    for match in _OPENED.finditer(text):
        if not _PASSING.search(match["text"]):
            yield CodeFact("kept-files", f"database - {below_work(match['text'])}", places.at(match.start()))
    if path.endswith(_SCRIPTS):
        yield from _joined(places, text)
    if path.endswith(".py") and "__file__" in text:
        for place, offset in _beside(path, text):
            yield CodeFact("kept-files", f"database - {place}", places.at(offset))


def _django(path: str, text: str) -> Iterator[CodeFact]:
    """Yield the database of settings that name no other one, neither by a condition nor by a variable."""
    found = _DJANGO.search(text)
    if found is None or len(_SETS_DATABASES.findall(text)) > 1 or _ASKS.search(found["value"]):
        return
    parts = [literal["text"] for literal in LITERAL.finditer(found["value"])]
    if parts and _FILE.fullmatch(parts[-1]):
        place = python_place(path, text, found["value"], posixpath.join(*parts))
        yield CodeFact("opens-sqlite", place, Places(path, text).at(found.start("value")))


def _joined(places: Places, text: str) -> Iterator[CodeFact]:
    """Yield the database files whose path a script joins from the working folder, or from its own."""
    for match in _JS_JOINED.finditer(text):
        place = posixpath.normpath("/".join(found["text"] for found in LITERAL.finditer(match["parts"])))
        is_opened = match["name"] is None or re.search(rf"\bDatabase(?:Sync)?\(\s*{match['name']}\b", text)
        if not is_opened or not _FILE.fullmatch(place) or _PASSING.search(place) or place.startswith(("/", "..")):
            continue
        # What a compiler makes of a script may lie elsewhere than the script.
        here = None if places.path.endswith("ts") else of_module(places.path, place)
        where = below_work(place) if match["base"].startswith("process") else here or f"name:{place}"
        yield CodeFact("kept-files", f"database {match['variable'] or '-'} {where}", places.at(match.start()))


def _beside(path: str, text: str) -> Iterator[tuple[str, int]]:
    """Yield the database files whose path is worked out from the place of a module."""
    known: dict[str, str] = {}
    for match in _ASSIGNED.finditer(text):
        value = match["value"]
        first = _FIRST.match(value)
        parts = [found["text"] for found in LITERAL.finditer(value)]
        base = "/".join([".."] * folders_above(value)) if "__file__" in value else known.get(first["name"]) if first else None
        if base is None or any(re.search(r"\.\.|^/", part) for part in parts):
            continue
        place = posixpath.join(base, *parts)
        if match["name"]:
            known[match["name"]] = place
        if _FILE.fullmatch(place) and not _PASSING.search(place):
            found = of_module(path, place)
            if found:
                yield found, match.start("value")
