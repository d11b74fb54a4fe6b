"""Rows made for a try that a program loads whenever it starts."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.migrating import ENTRY, STARTS, holder_of

_LOADS = regex(
    r"(?<![\w.])(?:\w+(?:\.|::))*(?P<name>(?i:load|insert|create|seed|populate|add|ensure|run)\w*"
    r"(?:[Ff]ixtures?|[Ss]eed_?[Dd]ata|[Ss]eeds?|[Dd]emo_?(?:[Dd]ata|[Uu]sers?)|[Ss]ample_?[Dd]ata|[Tt]est_?(?:[Dd]ata|[Uu]sers?)|[Dd]ummy_?[Dd]ata)"
    r"|[Ss]eed(?:_?(?:[Dd]atabase|[Dd]b|DB|[Dd]ata|[Uu]sers?|[Aa]ll))?)\("
)
_SETTINGS = regex(
    r"(?i)\w*(?:setting|config|permission|role|currenc|countr|locale|timezone)\w*(?:\.|::)[\w.:]*\(|[\w.:]*\([^()\n,]+,[^()\n,]+,[^()\n]+\)"
)
"""Calls that bring what every installation needs, and those that are given a key and its value."""
_DEFINES = regex(r"^\s*(?:export\s+)?(?:async\s+)?(?:def|func|fn|function|import|from|use|public|private|static)\b")
_CHOOSES = regex(r"^(?:switch|match|case)\b(?!.*(?i:dev|test|local|seed|demo|fixture|sample))|\berr\b|__main__")
"""Conditions that choose what a program serves, and none that asks for a try."""


def seed_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield a `seeds` fact for each call in the file of a program that loads such rows at its start, under no condition."""
    # A program that is called after what it loads is there to do so, by hand.
    if not ENTRY.search(path) or "seed" in path.lower():
        return
    places, lines = Places(path, text), text.split("\n")
    for match in _LOADS.finditer(text):
        where = places.at(match.start())
        line = lines[where.line - 1]
        if (
            _DEFINES.match(line)
            or _SETTINGS.match(match[0] + text[match.end() : match.end() + 80])
            or line.lstrip().startswith(("//", "#", "*"))
        ):
            continue
        holder = holder_of(lines, where, "." + path.rpartition(".")[2], _CHOOSES)
        if holder in STARTS or holder == "":
            yield CodeFact("seeds", match["name"], where)
