"""Restores of plain dumps by psql, or by mysql with --force, that go on after errors over tables that are still there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scaffold.gaps.docs.pages import current_pages, headings_around
from scaffold.gaps.facts import SAYS, is_test_path, path_environment
from scaffold.gaps.signals import main_environment
from scaffold.model.comments import without_comments
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_FEEDS = regex(
    r"\b(?:gunzip|gzip\s+-\w*d\w*|zcat|cat|xzcat|zstdcat|zstd\s+-\w*d\w*|gpg|openssl|age)\b[^\n|]*\|[^\n]*\bpsql\b"
    r"|\bpsql\b[^\n]*\s(?:<(?!<)|-f\s|--file[ =])",
    words=("psql",),
)
_FORCED = regex(r"\b(?:mysql|mariadb)(?=\s)[^\n|;&]*?\s(?:-f|--force)(?=\s|$)", words=("mariadb", "mysql"))
_OF_CONTAINERS = regex(r"\b(?:rm|delete|kill|stop|restart|up|down|systemctl|service)\s[^\n|;&]{0,200}\b(?:mysql|mariadb)\b")
"""Commands whose word is the name of a service, and whose `-f` is their own."""
_OF_RESTORES = regex(r"(?i)restore|recover")
_OF_COPIES = regex(r"(?i)back-?_?up|dump|snapshot")
_STOPS = regex(r"ON_ERROR_STOP|--single-transaction|\bpsql\b[^\n]*\s-1\b|[\"']-1[\"']")
_MAKES_ROOM = regex(
    r"(?i)\bdropdb\b|\bdrop\s+(?:database|schema|table)|\bcreatedb\b|\bcreate\s+(?:database|schema)\b|\bdown\b[^\n]*\s-v\b|volume\s+rm"
    r"|--volumes\b"
)
_ROOM_IN_WORDS = regex(
    r"(?i)\b(?:empty|fresh|new|blank|clean|temporary|scratch|throw-?away|test)\b[^.\n]{0,40}(?:database|db|server|instance|volume|stack)"
    r"|\bup\s+-d\s+[\w-]*(?:postgres|db|database)"
)
"""What a page says of a place without tables of before: in words, or by starting the server alone."""
_OF_THE_STACK = regex(r"\bcompose\b[^\n]*\sexec\b[^\n]*\bpsql\b")
"""A restore into the server of the stack, which has the tables of the application."""
_CLEANS = regex(r"\bpg_dump(?:all)?\b[^|\n]*(?:--clean|\s-\w*c\w*\b)")
_PLAIN = regex(r"\bpg_dump(?:all)?\b(?![^|\n]*(?:\s-\w*F|--format|--schema-only|--data-only|\s-\w*s\b|--version))")
_STARTED = regex(r"[\"'`]psql[\"'`\s]", words=("psql",))
"""A program of code that starts psql by its name."""
_PLAIN_IN_CODE = regex(r"[\"'`](?:-Fc|-Fd|-Ft|-F|--format)|--clean\b|[\"'`]-c[\"'`]|\bcustom\b")
"""What a dump that code makes has where it is not a plain one that meets the tables of before."""


@frozen
class Careless:
    """A restore that goes on after errors: who does it in words, the key of the finding, its place and that of the dump."""

    who: str
    resource: str
    place: Location
    dump: Location | None
    environment: EnvironmentClass
    on_a_page: bool = False
    ends_at_once: bool = False
    """Whether it stops at the first error, which is the first table that is still there."""


def careless_restores(project: Project) -> tuple[Careless, ...]:
    """Return the restores of scripts, makefiles and code that go on after errors; where there is none, the first of a page."""
    dumps = tuple(_plain_dumps(project))
    found = (*_by_commands(project, dumps), *_by_code(project))
    return found or tuple(_on_pages(project, dumps))[:1]


def _own(project: Project, command: Command, contexts: frozenset[str]) -> bool:
    path = command.location.path
    return command.context in contexts and path not in project.owned and not is_test_path(path)


_THAT_DUMP = frozenset({"script", "workflow", "makefile"})
_THAT_RESTORE = frozenset({"script", "makefile"})


def _plain_dumps(project: Project) -> Iterator[Command]:
    """Yield the commands that make plain dumps, none where any of them brings what drops the tables before."""
    commands = [item for item in project.commands if "pg_dump" in item.text and not SAYS.match(item.text)]
    theirs = [item for item in commands if _own(project, item, _THAT_DUMP)] or [c for c in commands if c.context == "doc"]
    if not any(_CLEANS.search(item.text) for item in theirs):
        yield from (item for item in theirs if _PLAIN.search(item.text))


# --- scripts and makefiles --------------------------------------------------------------------------------------------


def _by_commands(project: Project, dumps: Sequence[Command]) -> Iterator[Careless]:
    units: dict[tuple[str, str], list[Command]] = {}
    for command in project.commands:
        if _own(project, command, _THAT_RESTORE):
            units.setdefault((command.location.path, command.owner), []).append(command)
    for (path, owner), commands in units.items():
        if _OF_RESTORES.search(owner or path):
            place, dump = _careless(commands, dumps)
            if place:
                who = f"The target {owner} of {path}" if owner else path
                stops = any(_STOPS.search(item.text) for item in commands)
                yield Careless(
                    who,
                    f"{path}:{owner}".rstrip(":"),
                    place,
                    dump,
                    path_environment(path),
                    ends_at_once=stops and dump is not None,
                )


def _careless(commands: Sequence[Command], dumps: Sequence[Command]) -> tuple[Location | None, Location | None]:
    """Return the place of the command that goes on after errors, and that of the dump that it reads."""
    text = "\n".join(command.text for command in commands)
    doing = [item for item in commands if not SAYS.match(item.text)]
    forced = next((item.location for item in doing if _FORCED.search(item.text) and not _OF_CONTAINERS.search(item.text)), None)
    if forced:
        return forced, None
    if not dumps or _MAKES_ROOM.search(text) or (_STOPS.search(text) and not _OF_THE_STACK.search(text)):
        return None, None
    return next((item.location for item in doing if _FEEDS.search(item.text)), None), dumps[0].location


# --- code and pages ---------------------------------------------------------------------------------------------------


def _by_code(project: Project) -> Iterator[Careless]:
    """Yield the programs that feed the plain dumps that they make to psql."""
    makers = {fact.location.path: fact.location for fact in project.code_facts if fact.kind == "dump"}
    for path, dump in makers.items():
        text = project.source(path) or ""
        bare = without_comments(text)
        started = _STARTED.search(bare) if path not in project.owned and not is_test_path(path) else None
        if started is None or "pg_dump" not in text or not _OF_RESTORES.search(text):
            continue
        if not (_STOPS.search(text) or _MAKES_ROOM.search(text) or _PLAIN_IN_CODE.search(text)):
            place = Location(path, text.count("\n", 0, started.start()) + 1)
            yield Careless(path, path, place, dump, path_environment(path))


def _on_pages(project: Project, dumps: Sequence[Command]) -> Iterator[Careless]:
    pages = {page.path: page for page in current_pages(project)}
    for command in project.commands if dumps else ():
        page = pages.get(command.location.path) if command.context == "doc" else None
        if page is None or not _FEEDS.search(command.text) or not _OF_COPIES.search(command.text):
            continue
        around = " ".join(headings_around(page, command.location))
        section = _section(page.text, [item.location.line for item in page.headings], command.location.line)
        spared = any(pattern.search(section) for pattern in (_STOPS, _MAKES_ROOM, _ROOM_IN_WORDS))
        if _OF_RESTORES.search(f"{around} {section}") and not spared and not re.search(r"(?i)\blocal|develop", around):
            environment = main_environment(project)
            yield Careless(page.path, page.path, command.location, dumps[0].location, environment, on_a_page=True)


def _section(text: str, headings: Sequence[int], line: int) -> str:
    """Return the lines between the headings around a line."""
    start = max((number for number in headings if number <= line), default=1)
    end = min((number for number in headings if number > line), default=10**9)
    return "\n".join(text.split("\n")[start - 1 : end - 1])
