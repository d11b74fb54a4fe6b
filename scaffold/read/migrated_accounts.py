"""Accounts of administrators that the migrations of a database make in every environment, with the hash of a password."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.dumped import HASH
from scaffold.read.lines import Places

_MIGRATION = regex(
    r"(?:^|/)src/main/resources/db/migration/(?:[^/]+/)*[VR][^/]*__[^/]+\.sql$|(?:^|/)supabase/migrations/\d+_[^/]+\.sql$"
    r"|(?:^|/)migrations?/(?:[^/]+/)*\d[^/]*\.up\.sql$|(?:^|/)migrations/\d[^/]*/migration\.sql$"
    r"|(?:^|/)(?:migrations?|db/migrate)/V?\d[^/]*(?<!\.down)\.sql$|(?:^|/)src/main/resources/db/(?:update|upgrade|changelog)/[^/]+\.sql$"
    r"|(?:^|/)migrations/(?:[^/]+/)*(?:Version\d{14}\.php|\d{13}-[^/]+\.(?:ts|js))$",
    words=(".sql", ".php", ".ts", ".js"),
)
"""Files that a tool runs wherever it is pointed at a database: Flyway in its own folder, Supabase, golang-migrate, Prisma,
goose, dbmate, sqlx and those that count alike, Doctrine, TypeORM.
"""
_DOWN = regex(
    r"(?im)^[ \t]*(?:--[ \t]*(?:\+goose[ \t]+Down|migrate:down|\+migrate[ \t]+Down)\b"
    r"|(?:public[ \t]+)?(?:async[ \t]+)?(?:function[ \t]+)?down[ \t]*\()",
    words=("down",),
)
"""What stands before the steps back, which nobody takes in a release."""
_ROWS = regex(
    r"(?:^|[\"'`(])[ \t]*INSERT[ \t]+INTO[ \t]+"
    r"(?P<table>[\w.`\"]{0,60}(?:user|account|member|admin|customer)[\w`\"]{0,40})[ \t\n(]",
    re.IGNORECASE | re.MULTILINE,
    words=("insert",),
)
_END = regex(r"(?m);[ \t]*(?:--.*)?$")
_WRITES = regex(r"(?im)(?:^|[\"'`(])[ \t]*(?:INSERT[ \t]+INTO|UPDATE)\b", words=("insert", "update"))
_RIGHTS = regex(r"(?i)' ?(?:ROLE_)?(?:SUPER_?)?ADMIN(?:ISTRATOR)? ?'", words=("admin",))
_TAKES_BACK = regex(
    r"\b(?:delete\s+from|truncate(?:\s+table)?|drop\s+table(?:\s+if\s+exists)?)\s+(?P<gone>[\w.]+)"
    r"|\bupdate\s+(?P<changed>[\w.]+)\s[^;]{0,500}?pass",
    words=("delete", "truncate", "drop", "update"),
)
_NUMBER = regex(r"\d+")
_FLYWAY = "src/main/resources/"
_CHOSEN = regex(
    r"(?i)\bflyway\b(?:[^\n]{0,200}\n){0,6}?[^\n]{0,200}?\b(?:locations\b|enabled\s*[:=]\s*false\b)", words=("flyway",)
)
"""Settings by which Flyway takes its files from elsewhere, or runs none."""
_SETTINGS = (".yml", ".yaml", ".properties")
_MOST = 100
_LONGEST = 200_000


def migrated_accounts(paths: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `migrated-account` fact for the first rows of each migration that make an administrator with the hash of a
    password; its detail is the table.
    """
    known = [(path, _ahead(glance(path) or "")) for path in sorted(paths, key=_order) if _MIGRATION.search(path)]
    rows = {path: row for path, text in known if (row := _row(text)) is not None and _makes_administrators(text)}
    last = {table: number for number, (_, text) in enumerate(known) for table in _taken_back(text)} if rows else {}
    chosen = _chosen_roots(files, glance) if rows else frozenset()
    for number, (path, text) in enumerate(known):
        if path not in rows or (_FLYWAY in path and path.partition(_FLYWAY)[0] in chosen):
            continue
        table = _bare(rows[path]["table"])
        if last.get(table.lower().rpartition(".")[2], -1) < number:
            yield CodeFact("migrated-account", table, Places(path, text).at(rows[path].start("table")))


def _ahead(text: str) -> str:
    """Return the steps of a migration without those back; a quote inside a text of PHP or JavaScript stands as in SQL."""
    down = _DOWN.search(text)
    return text[: down.start() if down else len(text)].replace("\\'", " '")


def _order(path: str) -> tuple[str, bool, tuple[tuple[int, str], ...]]:
    """Return the place of a migration: the tools count, so the tenth comes after the second, and what Flyway repeats last."""
    root, of_flyway, _ = path.partition(_FLYWAY)
    folder, _, name = path.rpartition("/")
    numbers = _NUMBER.findall(name.partition("__")[0])
    version = tuple((len(number.lstrip("0")), number.lstrip("0")) for number in numbers)
    return root if of_flyway else folder, name.startswith("R__"), version


def _bare(text: str) -> str:
    return text.replace('"', "").replace("`", "")


def _row(text: str) -> re.Match[str] | None:
    """Return the first rows of accounts that hold the hash of a password."""
    for match in islice(_ROWS.finditer(text), _MOST):
        end = _END.search(text, match.end(), match.end() + _LONGEST)
        if HASH.search(text, match.end(), end.start() if end else match.end() + _LONGEST):
            return match
    return None


def _makes_administrators(text: str) -> bool:
    """Whether rows that are written hold the name of a right; a column that may hold it makes nobody one."""
    for match in islice(_WRITES.finditer(text), _MOST) if _RIGHTS.search(text) else ():
        end = _END.search(text, match.end(), match.end() + _LONGEST)
        if _RIGHTS.search(text, match.end(), end.start() if end else match.end() + _LONGEST):
            return True
    return False


def _taken_back(text: str) -> Iterator[str]:
    """Yield the tables of which a migration takes rows out again, or in which it writes other hashes."""
    for match in _TAKES_BACK.finditer(_bare(text).lower()):
        yield (match["gone"] or match["changed"]).rpartition(".")[2]


def _chosen_roots(files: Iterable[str], glance: Callable[[str], str | None]) -> frozenset[str]:
    """Return the modules whose settings tell Flyway where its files lie, or turn it off."""
    settings = (path for path in files if f"{_FLYWAY}application" in path and path.endswith(_SETTINGS))
    return frozenset(path.partition(_FLYWAY)[0] for path in settings if _CHOSEN.search(glance(path) or ""))
