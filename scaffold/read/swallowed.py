"""Where a server's own code migrates, catches the failure, and goes on to serve."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.migrating import BY_HAND, ENTRY

_SITE = {
    True: regex(
        r"\bcommand\.upgrade\(|call_command\(\s*[\"']migrate[\"']|[\"']alembic[\"'\s,]+upgrade\b",
        words=("alembic", "call_command(", "command.upgrade("),
    ),
    False: regex(
        r"\bprisma[\"'\s,]+migrate[\"'\s,]+deploy\b|\.runMigrations\(|\.migrate\.latest\(|\b(?:umzug|migrator)\.up\(|\bawait\s+migrate\(\s*\w*db\b",
        words=("migrat", "Migrations", "umzug"),
    ),
}
"""What brings the tables to their newest version, by whether the text is Python's."""
_SERVES = regex(r"\.listen\(|\bFastAPI\(|\bFlask\(|\blifespan\b|\buvicorn\.run\(|\bcreate_app\b|\bcreateServer\(")
_CATCHES = regex(r"\s*(?:\}\s*catch\b|except\b)")
_OPENS = regex(r"\s*(?:async\s+)?(?:def|function|class|export)\b")
_STOPS = regex(
    r"\b(?:throw|raise|reject|panic|return|retr\w*|abort)\b|\bexit\(|\bexitCode\b|_exit\(|\bclose\(|unhealthy|\bready\b",
    re.IGNORECASE,
)
"""What of a handler ends the program, tries again, or lets others know."""
_COMMENT = regex(r"\s*(?://|#|\*|/\*)")
_MOST_LINES = 80


def swallowed_migration_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `swallowed-migration` fact for the first migration of a server whose failure its code only reports."""
    if BY_HAND.search(path) or not (_SERVES.search(text) or ENTRY.search(path)):
        return
    lines = text.split("\n")
    places = Places(path, text)
    for match in _SITE[path.endswith(".py")].finditer(text):
        place = places.at(match.start())
        line = lines[place.line - 1]
        told = _COMMENT.match(line) or _is_inside_a_text(line[: place.column - 1], match[0][0])
        handler = None if told else _handler(lines, place.line - 1)
        if handler and not any(_STOPS.search(line) for line in handler):
            yield CodeFact("swallowed-migration", "", place)
            return


def _is_inside_a_text(before: str, mark: str) -> bool:
    """Whether what begins with a quote stands in a text between quotes of the other kind, which tells people what to run."""
    other = {'"': "'", "'": '"'}.get(mark)
    return other is not None and before.count(other) % 2 == 1


def _handler(lines: list[str], index: int) -> list[str]:
    """Return the lines of what catches a failure of a line, by the indentation; none where nothing of its function does."""
    depth = _indent(lines[index])
    for number in range(index + 1, min(index + _MOST_LINES, len(lines))):
        line = lines[number]
        if line.strip() and _indent(line) < depth and _CATCHES.match(line):
            own = _indent(line)
            rest = lines[number + 1 : number + _MOST_LINES]
            end = next((at for at, other in enumerate(rest) if other.strip() and _indent(other) <= own), len(rest))
            return [line, *rest[:end]]
        if line.strip() and _indent(line) < depth and _OPENS.match(line):
            break
    return []


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
