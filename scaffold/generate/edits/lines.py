"""Single lines: taken out of a Compose file, commented out of an env file, given another value, or added to a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import accumulate

from scaffold.model.artifact import Splice
from scaffold.model.document import Location, Span
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.guards import scalar_at
from scaffold.model.regex import regex

_ENV_VALUE = regex(r"(?P<head>\s*(?:export\s+)?[\w.-]+\s*=\s*[\"']?)(?P<value>[\w-]+)")
_SWITCH = regex(r"(?:(?<![\w.-])|(?<=:-))(?P<word>true|yes|on|1)(?=\}?[\"']?$)", re.IGNORECASE)
_OFF = {"true": "false", "1": "0", "yes": "no", "on": "off"}


def removed_lines(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that take whole lines `KEY: value` away; empty where one holds something else as well."""

    def taken(line: str, key: str) -> tuple[int, int, str] | None:
        alone = regex(rf"\s*{key}:\s+(?:[\w.-]+|\"[\w.-]+\"|'[\w.-]+')\s*(?:#.*)?").fullmatch(line.rstrip("\r\n"))
        return (0, len(line), "") if alone else None

    return _lines(task, {document.path: document.text for document in task.documents}, taken)


def commented_lines(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that comment lines of an env file out."""
    return _lines(task, {source.path: source.text for source in task.sources}, lambda _line, _text: (0, 0, "# "))


def env_values(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that write another value of one word into lines of an env file."""

    def changed(line: str, value: str) -> tuple[int, int, str] | None:
        match = _ENV_VALUE.match(line)
        return (*match.span("value"), value) if match else None

    return _lines(task, {source.path: source.text for source in task.sources}, changed)


def added_line(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splice that puts a line before another one of a page."""
    (source,), ((number, words),) = task.sources, task.decided
    lines = source.text.split("\n")
    place = sum(len(line) + 1 for line in lines[: int(number) - 1])
    end = "\r\n" if "\r\n" in source.text else "\n"
    return (FileSplices(source.path, (Splice(Span(place, place), f"{words}{end}"),)),)


_Change = Callable[[str, str], tuple[int, int, str] | None]


def _lines(task: EditTask, texts: dict[str, str], change: _Change) -> tuple[FileSplices, ...]:
    """Return the splices of each line that the task decides; empty where one is not in a form that is edited."""
    found: dict[str, list[Splice]] = {}
    listed = {path: [f"{line}\n" for line in text.split("\n")] for path, text in texts.items()}
    starts = {path: list(accumulate(map(len, lines), initial=0)) for path, lines in listed.items()}
    for place, value in task.decided:
        path, _, number = place.rpartition(":")
        lines = listed[path]
        index = int(number) - 1
        made = change(lines[index], value) if index < len(lines) else None
        if made is None:
            return ()
        start = starts[path][index]
        end = min(start + made[1], len(texts[path]))
        found.setdefault(path, []).append(Splice(Span(start + made[0], end), made[2]))
    return tuple(FileSplices(path, tuple(dict.fromkeys(splices))) for path, splices in sorted(found.items()))


def debug_off(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that turn a switch of a container's environment off, or its default."""
    found: dict[str, list[Splice]] = {}
    for place, _ in task.decided:
        path, line, column = place.rsplit(":", 2)
        document = next(item for item in task.documents if item.path == path)
        scalar = scalar_at(document, Location(path, int(line), int(column)))
        match = _SWITCH.search(document.text[scalar.span.start : scalar.span.end]) if scalar else None
        if scalar is None or match is None:
            return ()
        start = scalar.span.start
        found.setdefault(path, []).append(
            Splice(Span(start + match.start(), start + match.end()), _like(match["word"], _OFF[match["word"].lower()]))
        )
    return tuple(FileSplices(path, tuple(dict.fromkeys(splices))) for path, splices in sorted(found.items()))


def _like(word: str, off: str) -> str:
    return off.capitalize() if word[0].isupper() else off


EDITORS = {
    "removed-lines": removed_lines,
    "commented-lines": commented_lines,
    "env-values": env_values,
    "debug-off": debug_off,
    "added-line": added_line,
}
