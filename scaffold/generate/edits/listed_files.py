"""The overlays of the production set in a list of files that a command hands to Compose, behind the last one."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from itertools import accumulate

from scaffold.model.artifact import Splice
from scaffold.model.deployments import LISTED
from scaffold.model.document import Span
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.listed_starts import BETWEEN, OPTION, is_same, named_of, names_list
from scaffold.model.regex import regex

_MOST_LINES = 100
_CONTINUED = regex(r"(?:\\|&&|\|\|?)\s*$")


def listed_files(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices of every line with the list; empty where the line that starts production has it in another form."""
    base = tuple(value for key, value in task.decided if key == "base")
    primary = task.gaps[0].primary
    found: dict[str, dict[Splice, None]] = {}
    for source in task.sources:
        lines = source.text.split("\n")
        starts = (0, *accumulate(len(line) + 1 for line in lines))
        numbers = sorted({int(key.rpartition(":")[2]) for key, _ in task.decided if key.rpartition(":")[0] == source.path})
        for number in numbers:
            splices = tuple(_added(_command(lines, number), starts[number - 1], base, task.overlays))
            if not splices and (source.path, number) == (primary.path, primary.line):
                return ()
            found.setdefault(source.path, {}).update(dict.fromkeys(splices))
    return tuple(FileSplices(path, tuple(splices)) for path, splices in found.items() if splices)


def _added(command: str, start: int, base: tuple[str, ...], overlays: tuple[str, ...]) -> Iterator[Splice]:
    """Yield the splices of one command that begins at an offset of its file."""
    begin = 0
    for end in (*(match.start() for match in BETWEEN.finditer(command)), len(command)):
        piece = command[begin:end]
        named = named_of(piece, (*base, *overlays))
        missing = [path for path in overlays if path not in named]
        if set(base) <= named and missing:
            options = list(OPTION.finditer(piece))
            variable = LISTED.search(piece) if not options and names_list(piece) else None
            if options:
                place = start + begin + options[-1].end() + len(options[-1]["quote"])
                yield Splice(Span(place, place), "".join(_option(options, base, path) for path in missing))
            elif variable:
                place = start + begin + variable.end("paths")
                yield Splice(Span(place, place), "".join(_item(variable["paths"], base, path) for path in missing))
        begin = end + 1


def _command(lines: list[str], number: int) -> str:
    """Return the command that begins in a line, the lines in which it goes on included; spaces stand where it is broken."""
    last = number
    while last < min(len(lines), number + _MOST_LINES) and _CONTINUED.search(lines[last - 1]):
        last += 1
    return re.sub(r"\\(\r?)\n", lambda match: " " * len(match[0]), "\n".join(lines[number - 1 : last]))


def _item(listed: str, base: tuple[str, ...], path: str) -> str:
    """Return an overlay as the next item of the value of COMPOSE_FILE, in the folder that it gives the base."""
    separator = ";" if ";" in listed else ":"
    first = next(item for item in re.split("[:;]", listed) if is_same(item, base[0]))
    return f"{separator}{_beside(first, base, path)}"


def _beside(first: str, base: tuple[str, ...], path: str) -> str:
    folder = posixpath.dirname(first)
    name = posixpath.relpath(path, posixpath.dirname(base[0]) or ".")
    return f"{folder}/{name}" if folder else name


def _option(options: list[re.Match[str]], base: tuple[str, ...], path: str) -> str:
    """Return the option for an overlay as the last one is written, in the folder that the command gives the base."""
    like, first = options[-1], next(option for option in options if is_same(option["path"], base[0]))
    file = _beside(first["path"], base, path)
    by = like["by"] if like["by"] == "=" else " "
    return f" {like['option']}{by}{like['quote']}{file}{like['quote']}"


EDITORS = {"listed-files": listed_files}
