"""Dumps of databases that hold accounts of people with the hashes of their passwords."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_HEAD = 3000
"""Characters in which a dump says by what it was made."""
_MOST = 100
"""Groups of rows that are looked through, each up to its longest."""
_LONGEST = 200_000
_SOME = 5
"""Addresses from which on accounts are taken for those of people: fewer are often those that developers made to try the app."""
_DUMP = regex(r"-- (?:PostgreSQL database dump|MySQL dump|MariaDB dump|phpMyAdmin SQL Dump|Host: )")
_ROWS = regex(r"(?m)^(?:COPY|INSERT INTO)\s+(?P<table>[\w.`\"]*(?i:user|account|member|customer|admin)[\w`\"]*)")
_END = regex(r"(?m)^\\\.|;[ \t]*$")
HASH = regex(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}|\$argon2\w+\$|pbkdf2_sha\d+\$\d+\$|\$scrypt\$|\$6\$[^$\s]{4,16}\$")
"""Hashes of passwords, by their makers' prefixes."""
_ADDRESS = regex(r"(?<![\w.+-])[\w.+-]++@(?P<host>[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,})")
_OF_NOBODY = regex(
    r"(?i)(?:^|\.)(?:example\.(?:com|org|net)|test|invalid|local|localhost|example|demo\.com|test\.com|mail\.com)$"
)


def dumped_accounts(paths: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `dumped-accounts` fact, or `few-dumped-accounts`, for the first rows of each dump that hold hashes of passwords
    beside addresses; its detail is the table.
    """
    for path in sorted(paths):
        text = glance(path) or ""
        if not _DUMP.search(text, 0, _HEAD):
            continue
        for match in islice(_ROWS.finditer(text), _MOST):
            first = text.find("\n", match.end()) if match[0].startswith("COPY") else match.end()
            end = _END.search(text, first, first + _LONGEST)
            rows = text[first : end.start() if end else first + _LONGEST]
            people = {item[0] for item in _ADDRESS.finditer(rows) if not _OF_NOBODY.search(item["host"])}
            if people and HASH.search(rows):
                kind = "dumped-accounts" if len(people) >= _SOME else "few-dumped-accounts"
                yield CodeFact(kind, match["table"].replace('"', "").replace("`", ""), Places(path, text).at(match.start()))
                break
