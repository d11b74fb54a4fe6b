"""How application code makes the tables of its database: by versions that it applies, or by the models as they are."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.read.lines import Places

_APPLIES = re.compile(
    r"\bcommand\.upgrade\(|[\"']alembic[\"'],\s*[\"'](?:-\w+|upgrade)|[\"'](?:[^\"'`\n]*&&\s*)?alembic\s+upgrade\b|call_command\(\s*[\"']migrate"
)
_CREATES = re.compile(r"\.create_all\b")
_SYNCHRONIZES = re.compile(
    r"\bsynchronize\s*:\s*(?P<typeorm>true)\b|\.sync\(\s*\{\s*(?:(?P<alter>alter)|(?P<force>force))\s*:\s*true\b"
)
_HIBERNATE = re.compile(
    r"\b(?:ddl-auto|hbm2ddl(?:\.[.\w]*|:\s*auto)?)[\"']?\s*[:=]\s*[\"']?(?P<mode>update|create-drop|create)\b"
)
_DOCUMENT = re.compile(r"^---", re.MULTILINE)
_OF_A_PROFILE = re.compile(
    r"^[ \t]*(?:spring\.)?(?:config\.activate\.)?(?:on-profile|profiles)[ \t]*[:=][ \t]*(?P<names>[^\n#]*)", re.MULTILINE
)
_IN_MEMORY = re.compile(r"jdbc:(?:h2|hsqldb|derby|sqlite)")
_INIT = re.compile(r"^func init\(\)[^\n]*\{(?P<body>(?:\n(?!\}).*)*)", re.MULTILINE)
_BUILD_TAG = re.compile(r"^//go:build\s+(?P<tags>[^\n]+)", re.MULTILINE)
_EMBEDS = re.compile(r"\bsqlx::migrate!\s*\(")
_IGNORES = re.compile(r"\bset_ignore_missing\s*\(\s*true\b")
_DEF = re.compile(r"[ \t]*(?:async[ \t]+)?def[ \t]+(?P<name>\w+)")


def schema_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `schema` fact for each place; the detail is a word and what belongs to it.

    `applies` for code that runs migrations, `applies-in-init <build tags>` for Go that does so whenever it starts,
    `create-all <function>` for tables made from models outside any condition ("" at the top of a module),
    `typeorm`, `sequelize alter`, `sequelize force` and `hibernate <mode> <profiles>` for tables that follow the models by
    themselves (`hibernate-over-memory` beside a database in memory or in a file, which a variable may replace),
    `embeds sqlx` for Rust whose migrations end with an error on tables of a newer version.
    """
    places = Places(path, text)
    if path.endswith(".py"):
        yield from _python(places, text)
    elif path.endswith(".go"):
        yield from _go(places, text)
    elif path.endswith(".rs"):
        match = _EMBEDS.search(text)
        if match and not _IGNORES.search(text):
            yield CodeFact("schema", "embeds sqlx", places.at(match.start()))
    elif path.endswith((".yml", ".yaml", ".properties")):
        yield from _spring(places, text)
    else:
        for match in _SYNCHRONIZES.finditer(text):
            found = "typeorm" if match["typeorm"] else f"sequelize {match['alter'] or match['force']}"
            yield CodeFact("schema", found, places.at(match.start()))


def _python(places: Places, text: str) -> Iterator[CodeFact]:
    for match in _APPLIES.finditer(text):
        yield CodeFact("schema", "applies", places.at(match.start()))
    lines = text.splitlines()
    for match in _CREATES.finditer(text):
        where = places.at(match.start())
        if "#" in lines[where.line - 1][: where.column - 1]:
            continue
        holder = unconditional_holder(lines, where)
        if holder is not None:
            yield CodeFact("schema", f"create-all {holder}".strip(), where)


def unconditional_holder(lines: list[str], where: Location) -> str | None:
    """Return the function that a line of Python stands in, "" at the top of the module; None where a condition guards it."""
    depth = _indent(lines[where.line - 1])
    for line in reversed(lines[: where.line - 1]):
        if not line.strip() or _indent(line) >= depth:
            continue
        depth = _indent(line)
        found = _DEF.match(line)
        if found:
            return found["name"]
        if re.match(r"[ \t]*(?:if|elif|else|except|for|while|match|case)\b", line):
            return None
    return ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _go(places: Places, text: str) -> Iterator[CodeFact]:
    tags = _BUILD_TAG.search(text)
    for match in _INIT.finditer(text):
        if "migrate.New" in match["body"]:
            detail = f"applies-in-init {tags['tags'].strip() if tags else ''}".strip()
            yield CodeFact("schema", detail, places.at(match.start("body") + match["body"].index("migrate.New")))


def _spring(places: Places, text: str) -> Iterator[CodeFact]:
    """Yield what a part of the file sets, with the profiles that it is for, and whether its database is one in memory."""
    starts = [0, *(match.start() for match in _DOCUMENT.finditer(text)), len(text)]
    for start, end in itertools.pairwise(starts):
        part = text[start:end]
        kind = "hibernate-over-memory" if _IN_MEMORY.search(part) else "hibernate"
        profile = _OF_A_PROFILE.search(part)
        names = ",".join(re.findall(r"[\w-]+", profile["names"])) if profile else ""
        for match in _HIBERNATE.finditer(part):
            line = text[text.rfind("\n", 0, start + match.start()) + 1 : start + match.start()]
            if "#" not in line:
                yield CodeFact("schema", f"{kind} {match['mode']} {names}".strip(), places.at(start + match.start()))
