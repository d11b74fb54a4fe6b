"""scaffold.lock: what scaffold wrote, with the hashes by which a later run knows what the user has changed since."""

from __future__ import annotations

import json
import stat
from dataclasses import field
from pathlib import Path

from scaffold.errors import UnsafePathError, UsageError
from scaffold.model.artifact import Artifact, safe_relative_path
from scaffold.model.digest import sha256_hex
from scaffold.model.frozen import frozen
from scaffold.model.names import Room

LOCK_NAME = "scaffold.lock"
_VERSION = 1


@frozen
class LockedFile:
    """One file that scaffold wrote: its SHA-256, its git blob id (SHA-1) and the scaffold version that wrote it."""

    path: str
    sha256: str
    blob: str
    room: Room
    scaffold: str


@frozen
class Lock:
    """The content of scaffold.lock; empty when there is none."""

    app: str = ""
    production_set: tuple[str, ...] = ()
    files: tuple[LockedFile, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """The paths of every file in the lock, and of the lock itself."""
        return frozenset({LOCK_NAME, *(item.path for item in self.files)}) if self.files or self.app else frozenset()

    def file(self, path: str) -> LockedFile | None:
        """Return the entry of a path, or None."""
        return next((item for item in self.files if item.path == path), None)

    def to_text(self) -> str:
        """Return the text of scaffold.lock."""
        document = {
            "version": _VERSION,
            "app": self.app,
            "production_set": list(self.production_set),
            "files": [
                {"path": f.path, "sha256": f.sha256, "blob": f.blob, "room": f.room.value, "scaffold": f.scaffold}
                for f in sorted(self.files, key=lambda item: item.path)
            ],
        }
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@frozen
class _Fields:
    document: dict[str, object] = field(repr=False)

    def text(self, key: str) -> str:
        value = self.document.get(key, "")
        if not isinstance(value, str):
            raise TypeError(key)
        return value

    def items(self, key: str) -> list[object]:
        value = self.document.get(key, [])
        if not isinstance(value, list):
            raise TypeError(key)
        return value


def read_lock(folder: Path) -> Lock:
    """Return the lock of a folder; an empty one when there is no file. Raises UsageError when it is damaged."""
    path = folder / LOCK_NAME
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise _damaged("no regular file")
        return parse_lock(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Lock()
    except (OSError, UnicodeError) as error:
        raise _damaged(type(error).__name__) from error


def parse_lock(text: str) -> Lock:
    """Return the lock that a text holds; raises UsageError when it is damaged."""
    try:
        return _parse(json.loads(text))
    except (ValueError, TypeError, RecursionError, UnsafePathError) as error:
        raise _damaged(type(error).__name__) from error


def _damaged(why: str) -> UsageError:
    hint = "restore it from git; without it, scaffold treats the files as yours and leaves them alone"
    return UsageError(f"{LOCK_NAME} cannot be read ({why})", where=LOCK_NAME, hint=hint)


def _parse(document: object) -> Lock:
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise ValueError("version")
    top = _Fields(document)
    files = []
    for item in top.items("files"):
        if not isinstance(item, dict):
            raise TypeError("files")
        entry = _Fields(item)
        path = safe_relative_path(entry.text("path"))
        files.append(
            LockedFile(path, entry.text("sha256"), entry.text("blob"), Room(entry.text("room")), entry.text("scaffold"))
        )
    production = tuple(safe_relative_path(str(item)) for item in top.items("production_set"))
    return Lock(top.text("app"), production, tuple(files))


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes, in hex."""
    return sha256_hex(data)


def git_blob_id(data: bytes) -> str:
    """Return the id that git gives a file with these bytes (SHA-1 of `blob <size>`, NUL, bytes)."""
    import hashlib

    return hashlib.sha1(b"blob %d\x00%b" % (len(data), data), usedforsecurity=False).hexdigest()


def locked(artifact: Artifact, version: str) -> LockedFile:
    """Return the lock entry of an artifact as this scaffold version writes it."""
    data = artifact.text.encode()
    return LockedFile(artifact.path, sha256_of(data), git_blob_id(data), artifact.room, version)
