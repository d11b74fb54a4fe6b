"""The files of a project, and their texts: each is read once, and what cannot be read is a problem beside the rest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from pathlib import Path

from scaffold.model.document import Location, Problem
from scaffold.model.frozen import changing, frozen
from scaffold.read.git import listed_files
from scaffold.read.paths import (
    is_documentation,
    is_env_file,
    is_env_template,
    is_example_of_a_stack,
    is_excluded,
    is_installer,
    is_yaml,
)

TEXT_LIMIT = 1024 * 1024
"""Bytes of a text file that is no YAML; larger ones are data, not configuration."""

_SKIPPED_FOLDERS = frozenset(
    {".git", "node_modules", ".venv", "venv", "__pycache__", ".terraform", ".tox", ".nox", ".mypy_cache"}
)
_MOST_FILES = 200_000
"""A walk without git stops here: beyond it the folder is no project."""


@frozen
class Inventory:
    """Every path that can be read: `files` without excluded folders, `docs` below documentation, `present` all of them."""

    root: Path
    overlay: Path | None
    git: bool
    files: tuple[str, ...]
    docs: tuple[str, ...]
    present: frozenset[str]
    directories: frozenset[str]
    untracked: frozenset[str]
    overlaid: frozenset[str]
    laid: Mapping[str, str]
    """Texts that count as if they were files, by their paths."""
    private: frozenset[str]
    """Real env files that git does not track: somebody's own, never read."""
    problems: tuple[Problem, ...] = ()

    def without(self, folder: str) -> Inventory:
        """Return the inventory without what is below `folder`; that it exists is still known."""
        inside = f"{folder}/"
        files = tuple(path for path in self.files if not path.startswith(inside))
        return replace(self, files=files, docs=tuple(path for path in self.docs if not path.startswith(inside)))


def take_inventory(
    root: Path,
    *,
    hide: frozenset[str] = frozenset(),
    overlay: Path | None = None,
    laid: Mapping[str, str] | None = None,
    owned: frozenset[str] = frozenset(),
) -> Inventory:
    """List the files below `root` without those in `hide`; files below `overlay` count as if they stood in the project.

    So do the texts of `laid`, by their paths, before files of that name. Files in `owned` count where they are on the disk,
    whatever git ignores.
    """
    root = root.resolve()
    overlay = overlay.resolve() if overlay is not None and overlay.is_dir() else None
    listed = listed_files(root)
    base = dict(listed) if listed is not None else dict.fromkeys(_walk(root), True)
    if overlay is not None and overlay != root and overlay.is_relative_to(root):
        inside = overlay.relative_to(root).as_posix() + "/"
        base = {path: tracked for path, tracked in base.items() if not path.startswith(inside)}
    base |= {path: False for path in owned if path not in base and (root / path).is_file()}
    kept, problems = _regular(root, (path for path in base if path not in hide))
    below: list[str] = []
    if overlay is not None and overlay != root:
        below, more = _regular(overlay, (path for path in _walk(overlay) if path not in hide))
        problems += more
    laid = {path: text for path, text in (laid or {}).items() if path not in hide}
    everything = sorted({*kept, *below, *laid})
    charts = frozenset(path.rpartition("/")[0] for path in everything if path.rpartition("/")[2] in {"Chart.yaml", "Chart.yml"})
    installed = _installed_folders(root, everything)
    ours = [path for path in everything if not is_excluded(path, charts) or path.rpartition("/")[0] in installed]
    return Inventory(
        root=root,
        overlay=overlay if below else None,
        git=listed is not None,
        files=tuple(path for path in ours if not is_documentation(path)),
        docs=tuple(path for path in ours if is_documentation(path)),
        present=frozenset(everything),
        directories=_directories(everything),
        untracked=frozenset(path for path, tracked in base.items() if not tracked),
        overlaid=frozenset(below),
        laid=laid,
        private=frozenset(
            path for path in base if _is_private(path, tracked=listed is not None and base[path], git=listed is not None)
        ),
        problems=tuple(sorted(problems, key=lambda problem: problem.location.sort_key())),
    )


def _installed_folders(root: Path, paths: list[str]) -> frozenset[str]:
    """Return the folders of examples whose compose file or env template a script for installing names: they are what runs."""
    examples = [path for path in paths if is_example_of_a_stack(path)]
    texts = [_start_of(root / path) for path in paths if is_installer(path)] if examples else []
    return frozenset(path.rpartition("/")[0] for path in examples if any(path in text for text in texts))


def _start_of(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(TEXT_LIMIT)
    except OSError:
        return ""


def _walk(root: Path) -> Iterable[str]:
    """Yield the path of every entry that is no folder, below `root` and never through a link to a folder."""
    pending = [""]
    count = 0
    while pending:
        prefix = pending.pop()
        try:
            entries = sorted(os.scandir(root / prefix), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED_FOLDERS:
                    pending.append(f"{path}/")
                continue
            count += 1
            if count > _MOST_FILES:
                return
            yield path


def _regular(root: Path, paths: Iterable[str]) -> tuple[list[str], list[Problem]]:
    kept = []
    problems = []
    for path in paths:
        message = _objection(root, path)
        if message is None:
            kept.append(path)
        elif message:
            problems.append(Problem(Location(path, 1), message))
    return kept, problems


def _objection(root: Path, path: str) -> str | None:
    """Return None for a file to read, "" for one to pass over in silence, else why it is not read."""
    full = f"{root}/{path}"
    try:
        mode = os.lstat(full).st_mode
    except (OSError, ValueError):
        return "its name is not UTF-8; the file is left out" if "\ufffd" in path else ""
    if stat.S_ISREG(mode):
        return None
    if stat.S_ISLNK(mode):
        return _link_objection(root, full)
    return "" if stat.S_ISDIR(mode) else "neither a regular file nor a link to one; the file is left out"


def _link_objection(root: Path, full: str) -> str | None:
    target = os.path.realpath(full)
    if target != str(root) and not target.startswith(f"{str(root).rstrip('/')}/"):
        return "a link that leaves the project; the file is left out"
    return None if os.path.isfile(target) else ""  # noqa: PTH113 - hot loop


def _is_private(path: str, *, tracked: bool, git: bool) -> bool:
    """Whether a path is an env file that is not shared; without git, the names that projects never commit tell."""
    if tracked or not is_env_file(path) or is_env_template(path):
        return False
    return git or path.rpartition("/")[2] == ".env" or path.endswith(".local")


def _directories(paths: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return frozenset(found)


@changing
class TextReader:
    """Gives the text of a path, read at most once, line ends and byte order mark as in the file; keeps what failed."""

    inventory: Inventory
    yaml_limit: int = 4 * TEXT_LIMIT
    problems: list[Problem] = field(default_factory=list)
    _texts: dict[str, str | None] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def exists(self, path: str) -> bool:
        """Whether the path is a file of the project, excluded folders included."""
        return path in self.inventory.present

    def text(self, path: str) -> str | None:
        """Return the text of a file, or None; a failure is kept as a problem."""
        self._used.add(path)
        return self._read(path, quiet=False)

    def glance(self, path: str) -> str | None:
        """Return the text as `text` does, but pass over what is binary, large or unreadable in silence."""
        return self._read(path, quiet=True)

    def sources(self) -> tuple[tuple[str, str], ...]:
        """Return path and text of every file that `text` gave, in the order of paths."""
        return tuple((path, text) for path in sorted(self._used) if (text := self._texts.get(path)) is not None)

    def _read(self, path: str, *, quiet: bool) -> str | None:
        if path in self._texts and (quiet or self._texts[path] is not None):
            return self._texts[path]
        if not self.exists(path) or path in self.inventory.private:
            return None
        text, message = self._load(path)
        known = path in self._texts
        self._texts[path] = text
        if message and not quiet:
            problem = Problem(Location(path, 1), message)
            if not known or problem not in self.problems:
                self.problems.append(problem)
        return text

    def _load(self, path: str) -> tuple[str | None, str]:
        limit = self.yaml_limit if is_yaml(path) else TEXT_LIMIT
        try:
            data, size = _bytes_of(self.inventory, path, limit)
        except (OSError, ValueError) as error:
            return None, f"cannot be read ({getattr(error, 'strerror', None) or 'not a regular file'})"
        if size > limit:
            return None, f"has {_in_words(size)}, more than the limit of {_in_words(limit)}; the file is left out"
        if b"\0" in data:
            return None, "holds NUL bytes, so it is no text; the file is left out"
        try:
            return data.decode("utf-8"), ""
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            return None, f"is not UTF-8 (line {line}); the file is left out"


def file_text(path: Path) -> str:
    """Return the text of a file that the user named, which may stand anywhere; raises OSError, and ValueError for what is no
    regular UTF-8 file of at most a MiB.
    """
    data, size = _bytes(str(path), TEXT_LIMIT)
    if size > TEXT_LIMIT or b"\0" in data:
        raise ValueError("no text of at most a MiB")
    return data.decode("utf-8")


def read_bytes(inventory: Inventory, path: str, limit: int) -> bytes | None:
    """Return the bytes of a file of the project, None where it is larger than `limit` or cannot be read."""
    try:
        data, size = _bytes_of(inventory, path, limit)
    except (OSError, ValueError):
        return None
    return data if size <= limit else None


def _bytes_of(inventory: Inventory, path: str, limit: int) -> tuple[bytes, int]:
    """Return at most `limit` bytes of a path of the project, and its size; raises as `_bytes` does."""
    if path in inventory.laid:
        data = inventory.laid[path].encode()
        return data[:limit], len(data)
    root = inventory.overlay if path in inventory.overlaid else inventory.root
    return _bytes(f"{root}/{path}", limit)


def _bytes(path: str, limit: int) -> tuple[bytes, int]:
    """Return at most `limit` bytes of a regular file, and its size; raises OSError, and ValueError for anything else."""
    # Not blocking, and checked after opening: a pipe put in the place of a file must not stop the run.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("not a regular file")
        chunks = []
        left = limit if status.st_size <= limit else 0
        while left > 0 and (chunk := os.read(descriptor, min(left, 1 << 20))):
            chunks.append(chunk)
            left -= len(chunk)
        return b"".join(chunks), status.st_size
    finally:
        os.close(descriptor)


def _in_words(size: int) -> str:
    """Return a size in bytes, or in MiB from one MiB on."""
    return f"{size / 2**20:.4g} MiB" if size >= 2**20 else f"{size} bytes"
