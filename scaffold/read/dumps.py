"""Backups that application code makes by itself: where it starts the dump of a database, and whether by a clock."""

from __future__ import annotations

import re
from collections.abc import Iterator

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


def dump_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `dump` fact for the first place at which a file starts one; its detail is `clock` where it speaks of a clock."""
    match = _DUMP.search(text) if _STARTS_PROGRAMS.search(text) else None
    if match:
        yield CodeFact("dump", "clock" if _BY_A_CLOCK.search(f"{path}\n{text}") else "", Places(path, text).at(match.start()))
