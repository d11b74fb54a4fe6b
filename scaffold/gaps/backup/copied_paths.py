"""What a line of shell copies: the folders and files that tar, rsync, cp, zip, restic, borg and sqlite3 are told to read."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from scaffold.model.regex import regex

_FOUND_OUT = regex(r"\$\([^()]*\)|`[^`]*`")
_SEPARATORS = regex(r"&&|\|\|?|;")
_TAR_CREATES = regex(r"-{0,2}(?:[A-Za-z]*c[A-Za-z]*|create)")
_WITH_VALUE = frozenset(
    {"-f", "--file", "-X", "--exclude", "--exclude-from", "-e", "--rsh", "-r", "--repo", "--tag", "-o", "-p", "-i", "-x"}
)
_FOLDERS = frozenset({"-r", "-R", "-a", "-rp", "-rf", "-av", "-Rp", "-rv", "-avz", "--archive", "--recursive"})
_DATABASE_FILE = regex(r"[\w./~-]+\.(?:db|db3|sqlite|sqlite3)")
_REDIRECT = regex(r"\d?>.*|<.*")


def copied_paths(line: str) -> tuple[str, ...]:
    """Return the paths that a line of shell copies, as written; none where it copies nothing or only unpacks."""
    text = _FOUND_OUT.sub("X", line.replace("\\%", "%"))
    return tuple(path for part in _SEPARATORS.split(text) for path in _of_command(part.split()))


def _of_command(words: list[str]) -> tuple[str, ...]:
    for number, word in enumerate(words):
        program = word.rpartition("/")[2]
        if program in {"tar", "rsync", "cp", "zip", "restic", "borg", "sqlite3"}:
            rest = [other.strip("\"'") for other in words[number + 1 :] if not _REDIRECT.fullmatch(other)]
            return _READS[program](rest)
    return ()


def _tar(words: list[str]) -> tuple[str, ...]:
    if not words or not _TAR_CREATES.fullmatch(words[0]):
        return ()
    rest = words[1:]
    if not words[0].startswith("--") and "f" in words[0]:
        rest = rest[1:]
    folder, paths = "", []
    while rest:
        word, *rest = rest
        if word in {"-C", "--directory"} and rest:
            folder, *rest = rest
        elif word in _WITH_VALUE:
            rest = rest[1:]
        elif not word.startswith("-"):
            paths.append(posixpath.join(folder, word))
    return tuple(paths)


def _named(words: list[str]) -> list[str]:
    """Return the words that are neither options nor their values."""
    return [
        word
        for number, word in enumerate(words)
        if not word.startswith("-") and (number == 0 or words[number - 1] not in _WITH_VALUE - {"-r", "-p", "-i", "-x"})
    ]


def _all_but_last(words: list[str]) -> tuple[str, ...]:
    return tuple(path for path in _named(words)[:-1] if ":" not in path)


def _cp(words: list[str]) -> tuple[str, ...]:
    sources = _all_but_last(words)
    return sources if _FOLDERS & set(words) else tuple(path for path in sources if _DATABASE_FILE.fullmatch(path))


def _zip(words: list[str]) -> tuple[str, ...]:
    return tuple(_named(words)[1:]) if any(re.fullmatch(r"-\w*r\w*", word) for word in words) else ()


def _after(verb: str, skipped: int) -> Callable[[list[str]], tuple[str, ...]]:
    def read(words: list[str]) -> tuple[str, ...]:
        return tuple(_named(words[words.index(verb) + 1 :])[skipped:]) if verb in words else ()

    return read


def _sqlite(words: list[str]) -> tuple[str, ...]:
    names = _named(words)
    return tuple(names[:1]) if any(word.startswith((".backup", ".dump")) for word in words) else ()


_READS = {
    "tar": _tar,
    "rsync": _all_but_last,
    "cp": _cp,
    "zip": _zip,
    "restic": _after("backup", 0),
    "borg": _after("create", 1),
    "sqlite3": _sqlite,
}
