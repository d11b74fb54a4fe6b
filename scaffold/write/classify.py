"""The class of each path before a byte is written: new, same, updated, merged, conflict, skipped, removed or kept."""

from __future__ import annotations

import os
import stat
from dataclasses import field, replace
from enum import StrEnum
from pathlib import Path

from scaffold.errors import ToolError, UnsafePathError
from scaffold.model.artifact import Artifact
from scaffold.model.frozen import frozen
from scaffold.model.names import Room
from scaffold.process import run
from scaffold.write.lock import Lock, LockedFile, sha256_of

_GIT_SECONDS = 30.0
NEW_SUFFIX = ".scaffold-new"


class State(StrEnum):
    """What happens to a path."""

    NEW = "new"
    SAME = "same"
    UPDATED = "updated"
    MERGED = "merged"
    CONFLICT = "conflict"
    SKIPPED = "skipped"
    REMOVED = "removed"
    KEPT = "kept"


@frozen
class Change:
    """What happens to one path: the text that is there, and the text to write (None leaves it or removes it)."""

    path: str
    room: Room
    state: State
    before: str | None = field(repr=False, default=None)
    after: str | None = field(repr=False, default=None)
    mode: int = 0o644
    closes: tuple[str, ...] = ()
    reason: str = ""
    beside: str | None = field(repr=False, default=None)
    """For a conflict: what goes to `<path>.scaffold-new`."""
    base: str | None = field(repr=False, default=None)
    """For a merge: the text that scaffold wrote, on which the next merge will be based."""

    @property
    def writes(self) -> bool:
        """Whether applying the change touches the disk."""
        return self.state in {State.NEW, State.UPDATED, State.MERGED, State.REMOVED, State.CONFLICT}


def existing_bytes(folder: Path, path: str) -> bytes | None:
    """Return the bytes of a regular file below `folder`, None when nothing is there.

    Raises UnsafePathError when the path runs through a link out of the folder, or is no regular file.
    """
    target = folder / path
    if _runs_through_a_link(folder, path) and not target.parent.resolve().is_relative_to(folder.resolve()):
        raise UnsafePathError("the path runs through a link that leaves the folder", where=path, hint="remove the link")
    try:
        mode = os.lstat(target).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(mode):
        raise UnsafePathError("the path is a link; scaffold writes regular files only", where=path, hint="remove the link")
    if not stat.S_ISREG(mode):
        raise UnsafePathError("a folder or a special file stands where a file is to be written", where=path)
    return target.read_bytes()


def _runs_through_a_link(folder: Path, path: str) -> bool:
    """Whether the folder of a path below `folder` may be somewhere else; asked twice a file, so without resolving it all."""
    parts = path.split("/")[:-1]
    below = ("/".join(parts[: index + 1]) for index in range(len(parts)))
    return path.startswith("/") or ".." in parts or any(os.path.islink(f"{folder}/{part}") for part in below)  # noqa: PTH114 - hot loop


def classify(folder: Path, artifacts: tuple[Artifact, ...], lock: Lock, *, rooms: frozenset[Room] | None) -> tuple[Change, ...]:
    """Return the change of every artifact and of every locked file that is planned no more, sorted by path.

    `rooms` limits the run: files of other rooms are left as they are.
    """
    wanted = [artifact for artifact in artifacts if rooms is None or artifact.room in rooms]
    changes = [_classify_artifact(folder, artifact, lock) for artifact in wanted]
    planned = {artifact.path for artifact in artifacts}
    for entry in lock.files:
        if entry.path not in planned and (rooms is None or entry.room in rooms):
            changes.append(_classify_orphan(folder, entry))
    return tuple(sorted(changes, key=lambda change: change.path))


def _decode(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")


def _classify_artifact(folder: Path, artifact: Artifact, lock: Lock) -> Change:
    def change(state: State, *, before: bytes | None = None, reason: str = "", after: str | None = None) -> Change:
        text = None if before is None else _decode(before)
        return Change(artifact.path, artifact.room, state, text, after, artifact.mode, artifact.closes, reason)

    try:
        there = existing_bytes(folder, artifact.path)
    except UnsafePathError as error:
        return change(State.SKIPPED, reason=error.message)
    if there is None:
        return change(State.NEW, after=artifact.text)
    if there == artifact.text.encode():
        return change(State.SAME, before=there)
    entry = lock.file(artifact.path)
    if entry is None:
        return change(State.SKIPPED, before=there, reason="a file of yours is there; scaffold did not write it")
    if sha256_of(there) == entry.sha256:
        return change(State.UPDATED, before=there, after=artifact.text)
    return _merge(folder, artifact, entry, there)


def _merge(folder: Path, artifact: Artifact, entry: LockedFile, there: bytes) -> Change:
    """Merge the new text into a file that the user edited, with the version we wrote as the base, if git has it."""
    before = _decode(there)

    def change(state: State, reason: str, *, after: str | None = None, beside: str | None = None) -> Change:
        return Change(artifact.path, artifact.room, state, before, after, artifact.mode, artifact.closes, reason, beside)

    base = _blob(folder, entry.blob)
    if base is None:
        if sha256_of(artifact.text.encode()) == entry.sha256:
            return change(State.SAME, "edited by you since; scaffold has nothing new for it")
        return change(
            State.CONFLICT, "edited by you since, and git does not have the version that scaffold wrote", beside=artifact.text
        )
    if base == artifact.text:
        return change(State.SAME, "edited by you since; scaffold has nothing new for it")
    merged, conflicts = _merge_texts(folder, before, base, artifact.text)
    if conflicts:
        return change(State.CONFLICT, f"edited by you since; {conflicts} conflicts are marked", beside=merged)
    return replace(change(State.MERGED, "your edits are kept", after=merged), base=artifact.text)


def _blob(folder: Path, blob: str) -> str | None:
    try:
        done = run(["git", "cat-file", "blob", blob], cwd=folder, timeout=_GIT_SECONDS)
    except ToolError:
        return None
    return done.stdout if done.code == 0 else None


def _merge_texts(folder: Path, yours: str, base: str, ours: str) -> tuple[str, int]:
    """Return git's three-way merge and the number of conflicts in it."""
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        names = []
        for name, text in (("yours", yours), ("base", base), ("scaffold", ours)):
            Path(scratch, name).write_text(text, encoding="utf-8", newline="")
            names.append(str(Path(scratch, name)))
        labels = ["-L", "yours", "-L", "written before", "-L", "scaffold"]
        done = run(["git", "merge-file", "-p", "--diff3", *labels, *names], cwd=folder, timeout=_GIT_SECONDS)
    if not 0 <= done.code < 128:
        raise ToolError("git merge-file failed", hint=done.stderr.strip()[:200])
    return done.stdout, done.code


def _classify_orphan(folder: Path, entry: LockedFile) -> Change:
    try:
        there = existing_bytes(folder, entry.path)
    except UnsafePathError as error:
        return Change(entry.path, entry.room, State.KEPT, reason=error.message)
    if there is None:
        return Change(entry.path, entry.room, State.REMOVED, reason="planned no more, and gone already")
    if sha256_of(there) == entry.sha256:
        return Change(entry.path, entry.room, State.REMOVED, _decode(there), reason="planned no more")
    return Change(entry.path, entry.room, State.KEPT, _decode(there), reason="planned no more, but edited by you: kept")
