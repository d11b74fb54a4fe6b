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
    r"|(?:^|/)migrations?/(?:[^/]+/)*\d[^/]*\.up\.sql$",
    words=(".sql",),
)
"""Files that a tool runs wherever it is pointed at a database: Flyway in its own folder, Supabase, golang-migrate."""
_ROWS = regex(
    r"^[ \t]*INSERT[ \t]+INTO[ \t]+(?P<table>[\w.`\"]{0,60}(?:user|account|member|admin|customer)[\w`\"]{0,40})[ \t\n(]",
    re.IGNORECASE | re.MULTILINE,
    words=("insert",),
)
_END = regex(r"(?m);[ \t]*(?:--.*)?$")
_RIGHTS = regex(r"(?i)'(?:ROLE_)?(?:SUPER_?)?ADMIN(?:ISTRATOR)?'", words=("admin",))
_FLYWAY = "src/main/resources/"
_CHOSEN = regex(r"(?i)\bflyway\b(?:[^\n]*\n){0,6}?[^\n]*\b(?:locations\b|enabled\s*[:=]\s*false\b)", words=("flyway",))
"""Settings by which Flyway takes its files from elsewhere, or runs none."""
_SETTINGS = (".yml", ".yaml", ".properties")
_MOST = 100
_LONGEST = 200_000


def migrated_accounts(paths: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `migrated-account` fact for the first rows of each migration that make an administrator with the hash of a
    password; its detail is the table.
    """
    migrations = [path for path in sorted(paths) if _MIGRATION.search(path)]
    known = [(path, glance(path) or "") for path in migrations]
    for path, text in known:
        match = _row(text)
        if match is None or not _RIGHTS.search(text) or _is_chosen(path, files, glance):
            continue
        table = match["table"].replace('"', "").replace("`", "")
        if not any(_takes_back(other, table) for place, other in known if place >= path):
            yield CodeFact("migrated-account", table, Places(path, text).at(match.start("table")))


def _row(text: str) -> re.Match[str] | None:
    """Return the first rows of accounts that hold the hash of a password."""
    for match in islice(_ROWS.finditer(text), _MOST):
        end = _END.search(text, match.end(), match.end() + _LONGEST)
        if HASH.search(text, match.end(), end.start() if end else match.end() + _LONGEST):
            return match
    return None


def _takes_back(text: str, table: str) -> bool:
    """Whether a migration takes rows of the table out again, or writes other hashes."""
    bare = text.replace('"', "").replace("`", "").lower()
    name = re.escape(table.lower())
    gone = rf"\b(?:delete\s+from|truncate(?:\s+table)?|drop\s+table(?:\s+if\s+exists)?)\s+{name}\b"
    return table.lower() in bare and bool(re.search(rf"{gone}|\bupdate\s+{name}\s[^;]{{0,500}}pass", bare))


def _is_chosen(path: str, files: Iterable[str], glance: Callable[[str], str | None]) -> bool:
    root, found, _ = path.partition(_FLYWAY)
    if not found:
        return False
    near = (item for item in files if item.startswith(f"{root}{_FLYWAY}application") and item.endswith(_SETTINGS))
    return any(_CHOSEN.search(glance(item) or "") for item in near)
