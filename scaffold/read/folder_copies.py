"""Folders that are copies of others, by their names and their bytes: nobody builds or starts what is in them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex
from scaffold.read.inventory import TEXT_LIMIT, Inventory, TextReader, read_bytes
from scaffold.read.paths import is_env_file

_COPY_WORD = regex(r"(?<![a-z])(?:backups?|bkp|bak|copy|copies|old|orig)(?![a-z])", re.IGNORECASE)
_FEWEST = 3
"""Files that are the same: below it, two folders may be alike by chance."""
_MOST_FOLDERS = 20
_MOST_FILES = 3000
"""Files of one folder that are compared: a larger one counts as the code that it may be."""
_MOST_BESIDE = 50
_SAMPLE = 40
_NAMES_NOTHING = regex(
    r"(?:^|/)(?:\.[\w-]*ignore|\.gitattributes|tsconfig[\w.-]*\.json|\.?eslint[\w.-]*|biome\.jsonc?|CHANGELOG[\w.-]*)$"
)
"""Files that name a folder to leave it out."""


@frozen
class Copied:
    """What a project is read from, and the paths of copies left out of it that may hold a credential of their own."""

    inventory: Inventory
    changed: tuple[str, ...] = ()


def without_copies(inventory: Inventory, owned: frozenset[str] = frozenset()) -> Copied:
    """Return the inventory without the folders whose names say that they are a copy, most of whose files are those of a folder
    beside or above them, and that no other file names. Env files that were changed there still count.
    """
    found = {}
    for folder, files in _named_copies(inventory, owned).items():
        source = _source(folder, files, inventory)
        same = _same_files(folder, source, files, inventory) if source is not None else frozenset()
        if len(same) >= _FEWEST and len(same) * 2 > len(files):
            found[folder] = {path for path in files if path in same or not is_env_file(path)}, same
    named = _named_elsewhere(tuple(found), inventory)
    counted = [item for folder, item in found.items() if folder not in named]
    gone = {path for without, _ in counted for path in without}
    if not gone:
        return Copied(inventory)
    changed = tuple(sorted(path for without, same in counted for path in without - same))
    left = tuple(path for path in inventory.files if path not in gone)
    return Copied(replace(inventory, files=left, docs=tuple(path for path in inventory.docs if path not in gone)), changed)


def _named_copies(inventory: Inventory, owned: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the first folders whose names say that they are copies, each with its files; what is below one belongs to it."""
    found: dict[str, list[str]] = {}
    for path in (*inventory.files, *inventory.docs):
        folder = _copy_above(path)
        if folder and path not in owned and (folder in found or len(found) < _MOST_FOLDERS):
            found.setdefault(folder, []).append(path)
    return {folder: tuple(files) for folder, files in found.items() if _FEWEST <= len(files) <= _MOST_FILES}


def _copy_above(path: str) -> str:
    if not _COPY_WORD.search(path):
        return ""
    parts = path.split("/")[:-1]
    return next(("/".join(parts[: index + 1]) for index, name in enumerate(parts) if _COPY_WORD.search(name)), "")


def _source(folder: str, files: tuple[str, ...], inventory: Inventory) -> str | None:
    """Return the folder that most files of a copy also stand in, by their paths: the one above it or one beside it."""
    above = posixpath.dirname(folder)
    depth = above.count("/") + 1 if above else 0
    beside = sorted(
        item
        for item in inventory.directories
        if posixpath.dirname(item) == above and item.count("/") == depth and not _COPY_WORD.search(posixpath.basename(item))
    )
    return next((item for item in (above, *beside[:_MOST_BESIDE]) if _has_most(folder, item, files, inventory)), None)


def _has_most(folder: str, source: str, files: tuple[str, ...], inventory: Inventory) -> bool:
    for some in (files[:_SAMPLE], files):
        if sum(_twin(path, folder, source) in inventory.present for path in some) * 2 <= len(some):
            return False
    return True


def _twin(path: str, folder: str, source: str) -> str:
    return posixpath.join(source, path.removeprefix(f"{folder}/"))


def _same_files(folder: str, source: str, files: tuple[str, ...], inventory: Inventory) -> frozenset[str]:
    return frozenset(path for path in files if _is_same(path, _twin(path, folder, source), inventory))


def _is_same(path: str, twin: str, inventory: Inventory) -> bool:
    data = read_bytes(inventory, path, TEXT_LIMIT) if twin in inventory.present else None
    return bool(data) and data == read_bytes(inventory, twin, TEXT_LIMIT)


def _named_elsewhere(folders: tuple[str, ...], inventory: Inventory) -> frozenset[str]:
    """Return the folders that a file outside of them names: a build, a page, code that imports it."""
    named = {item: re.compile(rf"(?<![\w.-]){re.escape(posixpath.basename(item))}(?![\w-])") for item in folders}
    texts = TextReader(inventory)
    found: set[str] = set()
    for path in (*inventory.files, *inventory.docs) if folders else ():
        text = texts.glance(path) if not _NAMES_NOTHING.search(path) else None
        found |= {item for item, name in named.items() if text and not path.startswith(f"{item}/") and name.search(text)}
    return frozenset(found)
