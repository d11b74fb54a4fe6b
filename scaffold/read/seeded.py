"""Accounts of administrators in files of first rows that production loads with the commands by which its containers start."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType

from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.accounts import account_around, holds_account

_PASSWORD = regex(
    r"(?<![\w.])[\"':]?(?:password|passwordHash|password_hash|hashed_password|hashedPassword)[\"']?\s*(?:=>|[:=])\s*(?:await\s+)?"
    r"(?:(?!(?:\w+\W+)?(?:env|ENV|getenv|fetch|config|process)\b)[\w.:\\]+\(\s*)?[\"'](?P<value>[^\"'\s${}#]{3,72})[\"']"
)
_ADMINISTRATOR = regex(
    r"(?<!\w)[\"':]?(?:admin|is_admin|isAdmin|is_superuser|isSuperuser|superuser)[\"']?\s*(?:=>|[:=])\s*(?:[tT]rue|1)\b"
    r"|(?<!\w)[\"':]?roles?[\"']?\s*(?:=>|[:=])\s*+\[?\s*+(?:[\w.:]*[.:])?[\"':]?(?i:super_?)?(?i:admin|administrator)\b"
    r"|(?<!\w)[\"':]?(?:e?mail|user_?name|login)[\"']?\s*(?:=>|[:=])\s*[\"'](?i:admin|administrator|root)(?:@[^\"']*)?[\"']"
    r"|\b(?:assignRole|add_role)\W+(?i:admin)|\bcreate_superuser\("
)
_OF_A_TRY = regex(r"Rails\.env|environment\(|NODE_ENV|APP_ENV|(?i:is_?development|is_?dev\b|is_?local)|\bDEBUG\b|ENVIRONMENT")
"""Words of a file that asks where it runs: it may leave the account out in production."""
_RUN = regex(
    r"\b(?:rails|rake)\b[^\n;&|]*?\bdb:(?P<rails>seed|setup|prepare|reset)\b"
    r"|\bartisan\b[^\n;&|]*?(?P<laravel>--seed\b|\bdb:seed\b)"
    r"|\bprisma\s+db\s+(?P<prisma>seed)\b"
    r"|\b(?:node|tsx|ts-node|bun|deno\s+run|python3?|php|ruby)\s+(?:-\S+\s+)*(?P<script>[\w./-]*(?i:seed|init_?data|initial_?data|create_?admin|fixtures)[\w./-]*)"
    r"|\bmanage\.py\s+loaddata\s+(?P<fixture>[\w./-]+)"
    r"|\bmanage\.py\s+(?P<command>(?:seed|init|create|load|setup)\w*)"
)
_OF_TOOLS = {
    "rails": regex(r"(?:^|/)db/seeds(?:/[^/]+)?\.rb$"),
    "laravel": regex(r"(?:^|/)database/seed(?:er)?s/[^/]+\.php$"),
    "prisma": regex(r"(?:^|/)prisma/seed[\w.-]*\.[cm]?[jt]s$"),
}

_OF_ROWS = regex(r"(?i)demo|seed|sample|fixture|admin")
"""What a variable is about that turns such rows on."""
_READS = (
    r"(?:\b(?P<own>\w+)\s*=[^=\n;]{0,60})?"
    r"\b(?:process\.env\.|env\(['\"]|(?:ENV|environ)\[['\"]|getenv\(['\"]|environ\.get\(['\"])%s\b"
)
_MOST_READS = 20
"""Reads of one variable that a file has."""
_IF = regex(r"\bif\b")
_OFF = frozenset({"false", "0", "no", "off", ""})

Glance = Callable[[str], "str | None"]


def switched_off(services: Iterable[Service]) -> dict[Location, frozenset[str]]:
    """Return the variables about such rows that a service turns off by its own value or default, by the service's place."""
    found = {}
    for service in services:
        entries = ((entry.name, _default_of(entry)) for entry in service.environment if _OF_ROWS.search(entry.name))
        found[service.location] = frozenset(name for name, value in entries if value is not None and value.lower() in _OFF)
    return found


def _default_of(entry: EnvValue) -> str | None:
    """Return what a variable holds where nobody sets another value: its text, else the default of its only reference."""
    if not entry.references:
        return entry.value
    only = entry.references[0]
    is_whole = entry.raw == f"${{{only.name}{only.operator}{only.argument}}}"
    return only.argument if only.has_default and is_whole else None


def seeded_accounts(
    started: Iterable[tuple[str, Location]],
    files: tuple[str, ...],
    glance: Glance,
    off: Mapping[Location, frozenset[str]] = MappingProxyType({}),
) -> Iterator[CodeFact]:
    """Yield an `account` fact for each file of first rows with an administrator's literal password that a start loads;
    `started` are the lines that containers start with, `off` what is turned off at the place of one.
    """
    seen = set()
    for text, place in started:
        for match in _RUN.finditer(text):
            for path in _loaded(match, files):
                text_of_rows = glance(path) or ""
                if any(_asks_for(name, text_of_rows) for name in off.get(place, ())):
                    continue
                if path not in seen and _holds_administrator(path, text_of_rows):
                    seen.add(path)
                    yield CodeFact("account", path, place)


def _asks_for(name: str, text: str) -> bool:
    """Whether a file takes a variable for the condition of a block, by itself or by the name that it gives it."""
    if name not in text:
        return False
    called: dict[str, int] = {}
    for match in islice(re.finditer(_READS % re.escape(name), text), _MOST_READS):
        line = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        if _IF.search(line):
            return True
        if match["own"]:
            called.setdefault(match["own"], match.end())
    conditions = (re.compile(rf"\bif\b[ (]{{0,3}}{own}\b").search(text, end) for own, end in called.items())
    return any(conditions)


def told_accounts(told: Iterable[tuple[str, Location]], files: tuple[str, ...], glance: Glance) -> Iterator[CodeFact]:
    """Yield a `told-account` fact (detail: the file) for each line of a page that has people load such a file; `told` are the
    commands of pages with their places.
    """
    holding: dict[str, bool] = {}
    for text, place in told:
        for match in _RUN.finditer(text):
            for path in _loaded(match, files):
                if path not in holding:
                    holding[path] = _holds_administrator(path, glance(path) or "")
                if holding[path]:
                    yield CodeFact("told-account", path, place)


def _loaded(match: re.Match[str], files: tuple[str, ...]) -> Iterator[str]:
    """Yield the files that a command loads."""
    for tool, pattern in _OF_TOOLS.items():
        if match[tool]:
            yield from (path for path in files if pattern.search(path))
    if match["script"]:
        name = match["script"].removeprefix("/app/").lstrip("./")
        # What an image starts as JavaScript may be written in TypeScript.
        names = (name, f"{name.removesuffix('.js')}.ts") if name.endswith(".js") else (name,)
        yield from [path for path in files if any(path == item or path.endswith(f"/{item}") for item in names)][:1]
    if match["fixture"]:
        name = posixpath.basename(match["fixture"]).removesuffix(".json")
        yield from [path for path in files if path.endswith(f"/{name}.json")][:1]
    if match["command"]:
        yield from [path for path in files if path.endswith(f"/management/commands/{match['command']}.py")][:1]


def _holds_administrator(path: str, text: str) -> bool:
    if path.endswith(".json"):
        return holds_account(text)
    if _OF_A_TRY.search(text):
        return False
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        match = _PASSWORD.search(line) if "assword" in line else None
        if match is None or classify(match["value"]) in {SecretClass.EMPTY, SecretClass.FILE_PATH, SecretClass.REFERENCE}:
            continue
        if _ADMINISTRATOR.search(account_around(lines, number)):
            return True
    return False
