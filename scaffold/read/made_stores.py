"""What makes a database or a user beside those of the server's own variables: commands, scripts and code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.paths import is_test_code

_MAKES = {
    "database": regex(
        r"(?i:\bcreate\s+database\b|\bcreate_?database\b)|\bcreatedb\b|\bpg_database\b|\bdatabase_exists\b|\becto\.(?:create|setup)\b"
        r"|\bstorage_up\b|\bdb:(?:create|prepare|setup|reset)\b|\bprisma\s+(?:migrate|db\s+push)\b|\bEnsureCreated"
        r"|\bDatabase\.Migrate(?:Async)?\(|\bartisan\b[^\n]{0,40}\bmigrate\b|\bdatabase:create\b|\bcreateDatabaseIfNotExist\b"
        r"|\bsqlx\s+database\b|\bdiesel\s+setup\b|\bmysqladmin\b"
    ),
    "user": regex(
        r"(?i)\bcreate\s+(?:role|user)\b[^\n;]{0,200}\b(?:password|login|identified)\b|\bcreateuser\b|\bgrant\s+all\b"
    ),
}
"""Statements, commands and calls that make a database or a user, or do so where there is none."""
_PASSED_OVER = (
    *(".md", ".mdx", ".rst", ".adoc", ".txt", ".html", ".css", ".scss", ".svg", ".lock", ".sum", ".map", ".csv", ".min.js"),
    *("package-lock.json", "pnpm-lock.yaml", "ignore"),
)
_PACKAGE = "package.json"
_ENTRY = regex(r"\"(?P<name>[^\"\n]{1,80})\"\s*:\s*\"(?P<text>[^\"\n]{1,2000})\"")
_STARTED = regex(r"(?:pre|post)?(?:start|install|build|deploy|release)(?::\w+)*")
"""Scripts of a package that nobody has to call by their names."""


def made_stores(names: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `makes-database` fact for each file that makes databases or users: one for each of the names that stand in it,
    and one without a name for the folder that it is in. The detail is `database` or `user`, and the name.
    """
    wanted = {name: re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in sorted(set(names))}
    paths = [path for path in files if not path.endswith(_PASSED_OVER) and not is_test_code(path)]
    for path in paths:
        text = glance(path) or ""
        for kind, pattern in _MAKES.items():
            made = pattern.search(text)
            if made is not None and (path.rpartition("/")[2] != _PACKAGE or _is_started(text, pattern, paths, glance)):
                place = Location.at_offset(path, text, made.start())
                named = (name for name, word in wanted.items() if word.search(text))
                yield from (CodeFact("makes-database", f"{kind} {name}".rstrip(), place) for name in ("", *named))


def _is_started(text: str, makes: re.Pattern[str], paths: list[str], glance: Callable[[str], str | None]) -> bool:
    """Whether a script of a package that makes a database starts with the others, or something but a package names it."""
    scripts = [match["name"] for match in _ENTRY.finditer(text) if makes.search(match["text"])]
    if any(_STARTED.fullmatch(name) for name in scripts):
        return True
    callers = [path for path in paths if path.endswith((".yml", ".yaml", ".sh", ".toml")) or "ocker" in path]
    return any(name in (glance(path) or "") for path in callers for name in scripts)
