"""Writes a set of files or none: everything goes to temporary files first, and a failure puts back what was there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from scaffold.errors import ConflictError
from scaffold.model.frozen import frozen
from scaffold.write.classify import NEW_SUFFIX, Change, State, existing_bytes

_TEMPORARY_SUFFIX = ".scaffold-tmp"
_FLUSHED_AT_ONCE = 16


@frozen
class FileWrite:
    """One file to write, or to remove when `data` is None."""

    path: str
    data: bytes | None
    mode: int | None = None
    """None keeps the mode of the file that is there, and gives a new one 0o644."""


def writes_of(changes: Iterable[Change]) -> tuple[FileWrite, ...]:
    """Return what the changes do to the disk."""
    result = []
    for change in changes:
        if change.state is State.REMOVED and change.before is not None:
            result.append(FileWrite(change.path, None))
        elif change.beside is not None:
            result.append(FileWrite(change.path + NEW_SUFFIX, change.beside.encode()))
        elif change.after is not None:
            result.append(FileWrite(change.path, change.after.encode(), change.mode))
    return tuple(result)


def apply_writes(folder: Path, writes: tuple[FileWrite, ...]) -> None:
    """Write every file below `folder`, or none; raises ConflictError naming the path when the disk refuses."""
    undo: list[Callable[[], None]] = []
    try:
        _make_parents(folder, undo)
        staged = [_stage(folder, write, undo) for write in writes]
        _flush([temporary for _, temporary in staged if temporary is not None])
        for write, temporary in staged:
            _commit(folder, write, temporary, undo)
    except OSError as error:
        _roll_back(undo)
        where = str(error.filename or folder).removesuffix(_TEMPORARY_SUFFIX)
        raise ConflictError(
            f"nothing was written: {error.strerror or error}", where=where, hint="free the space or the rights, then run again"
        ) from error
    except BaseException:
        _roll_back(undo)
        raise


def _stage(folder: Path, write: FileWrite, undo: list[Callable[[], None]]) -> tuple[FileWrite, Path | None]:
    if write.data is None:
        return write, None
    target = folder / write.path
    _make_parents(target.parent, undo)
    there = existing_bytes(folder, write.path)
    kept = target.stat().st_mode & 0o777 if there is not None else 0o644
    temporary = target.with_name(f".{target.name}{_TEMPORARY_SUFFIX}")
    undo.append(lambda: temporary.unlink(missing_ok=True))
    temporary.write_bytes(write.data)
    temporary.chmod(kept if write.mode is None else write.mode)
    return write, temporary


def _flush(files: list[Path]) -> None:
    """Wait until the disk has the files; at once, because a disk takes a hundred of them in the time of a few."""
    from concurrent.futures import ThreadPoolExecutor  # 5 ms that `gaps` need not wait for

    with ThreadPoolExecutor(max_workers=_FLUSHED_AT_ONCE) as pool:
        list(pool.map(_flush_one, files))


def _flush_one(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _make_parents(parent: Path, undo: list[Callable[[], None]]) -> None:
    missing = []
    while not parent.exists():
        missing.append(parent)
        parent = parent.parent
    for made in reversed(missing):
        made.mkdir()
        undo.append(made.rmdir)


def _commit(folder: Path, write: FileWrite, temporary: Path | None, undo: list[Callable[[], None]]) -> None:
    target = folder / write.path
    before = existing_bytes(folder, write.path)
    mode = target.stat().st_mode & 0o777 if before is not None else 0o644
    undo.append(lambda: _put_back(target, before, mode))
    if temporary is None:
        target.unlink()
        _drop_empty_parents(folder, target.parent)
    else:
        temporary.replace(target)


def _put_back(target: Path, before: bytes | None, mode: int) -> None:
    if before is None:
        target.unlink(missing_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(before)
    target.chmod(mode)


def _drop_empty_parents(folder: Path, parent: Path) -> None:
    while parent != folder and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _roll_back(undo: list[Callable[[], None]]) -> None:
    for step in reversed(undo):
        try:
            step()
        except OSError:
            continue
