"""Backups that application code makes by itself: where it starts the dump of a database, whether by a clock, and where it
copies one before a migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.comments import without_comments
from scaffold.model.dumpers import DUMPER
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_DUMP = regex(
    rf"(?<![\w-])[\"'`](?:/[\w./-]*/)?{DUMPER}(?:[\"'`]|\s+[-\"'$%{{]|\s*$)"
    r"|[\"']backup:run\b|call_command\(\s*[\"']dbbackup[\"']"
)
_STARTS_PROGRAMS = regex(
    r"subprocess|Popen|\bspawn|\bexec\w*\(|shell_exec|proc_open|exec\.Command|ProcessBuilder|new Process|Process::"
    r"|Process\.Start|Command::new|System\.cmd|os\.system|popen|execa|backup:run|call_command"
)
_BY_A_CLOCK = regex(
    r"setInterval|schedul|\bcron|while True|\.sleep\(|NewTicker|\btick\b|@(?:shared_)?task|celery|->(?:daily|hourly|weekly)",
    re.IGNORECASE,
)


_BEFORE_MIGRATION = regex(
    r"(?i)^[^\n#/*\"']{0,120}?\b(?:(?:backup|back_up|copy|snapshot)\w{0,30}?(?:before|pre)_?migrat\w{0,20}"
    r"|(?:before|pre)_?migrat\w{0,20}?_?(?:backup|snapshot)\w{0,20})\(",
    re.MULTILINE,
    words=("migrat",),
)
"""A call, or the definition, of what copies a database before its schema changes."""
_COPIES_IT = regex(
    r"(?i)\.backup\(|vacuum\s+into|\bcopy_?file\w*\(|shutil\.copy\w*\(|\bfs::copy\(|\bFile\.Copy\(|\bFiles\.copy\(|\bio\.Copy\(",
    words=("backup", "copy", "vacuum"),
)


def dump_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `dump` fact for the first place at which a file starts one; its detail is `clock` where it speaks of a clock."""
    code = without_comments(text) if _DUMP.search(text) else ""
    match = _DUMP.search(code) if _STARTS_PROGRAMS.search(code) else None
    if match:
        yield CodeFact("dump", "clock" if _BY_A_CLOCK.search(f"{path}\n{code}") else "", Places(path, text).at(match.start()))


def migration_copy_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `copies-first` fact for the first place at which a file copies its database before it migrates it."""
    match = _BEFORE_MIGRATION.search(text) if _COPIES_IT.search(text) else None
    if match:
        yield CodeFact("copies-first", "", Places(path, text).at(match.end() - 1))
