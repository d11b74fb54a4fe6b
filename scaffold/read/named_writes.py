"""Which files of given names code writes, by a literal or by a constant of the same module."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_NAMED = regex(
    r"(?m)^[ \t]*(?:(?:export|const|let|var)[ \t]+)*(?P<name>[A-Za-z_]\w*)[ \t]*(?::[ \t]*\w+[ \t]*)?:?="
    r"[^\n=\"'`]*[\"'`](?P<text>[\w./-]+)[\"'`]\)?;?[ \t]*$"
)
_ARGUMENT = r"(?:[\"'`](?P<text>[\w./-]+)[\"'`]|(?P<name>[A-Za-z_]\w*))"
_WRITES = regex(
    rf"\b(?:os\.WriteFile|ioutil\.WriteFile|os\.Create|(?:fs\.|fsp\.|promises\.)?(?:writeFile|appendFile)(?:Sync)?)\(\s*{_ARGUMENT}\s*[,)]",
    words=("WriteFile", "os.Create", "writeFile", "appendFile"),
)
_OPENS = regex(
    rf"\bopen\(\s*(?:Path\(\s*)?{_ARGUMENT}\)?\s*,\s*(?:mode\s*=\s*)?[\"'][wax]b?\+?[\"']",
    words=("open(",),
)
_PUTS = regex(
    r"(?:Path\(\s*[\"'](?P<text>[\w./-]+)[\"']\s*\)|\b(?P<name>[A-Za-z_]\w*))\.write_(?:text|bytes)\(",
    words=(".write_",),
)
_RENAMES = regex(
    rf"\b(?:os\.(?:replace|rename|Rename)|(?:fs\.|fsp\.|promises\.)?rename(?:Sync)?)\([^,()\n]+,\s*{_ARGUMENT}\s*\)",
    words=("rename", "Rename", "replace"),
)


def named_write_facts(path: str, text: str, names: Iterable[str]) -> Iterator[CodeFact]:
    """Yield a `writes-named` fact for the first write of each file whose last part is one of `names`, and the first rename."""
    wanted = frozenset(names)
    held = {match["name"]: match["text"] for match in _NAMED.finditer(text)}
    places = Places(path, text)
    told: set[tuple[str, str]] = set()
    for word, pattern in (("writes", _WRITES), ("writes", _OPENS), ("writes", _PUTS), ("renames", _RENAMES)):
        for match in pattern.finditer(text):
            file = _file(match, held)
            if file.rpartition("/")[2] in wanted and (word, file) not in told:
                told.add((word, file))
                yield CodeFact("writes-named", f"{word} {file}", places.at(match.start()))


def _file(match: re.Match[str], held: dict[str, str]) -> str:
    return match["text"] or held.get(match["name"] or "", "")
