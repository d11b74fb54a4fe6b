"""Copies the folder of a running Chroma so that its SQLite database and its vector index belong to the same moment.

usage: chroma-snapshot.py SOURCE TARGET

Chroma has no backup command. The database is copied by SQLite's own online backup; the index files are copied before it
and looked at again after it: when one changed in between, the copy starts over.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

DATABASE = "chroma.sqlite3"
ATTEMPTS = 10
PAUSE = 3.0  # seconds


def index_state(source: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of every file beside the database."""
    state = {}
    for path in source.rglob("*"):
        if path.is_file() and not path.name.startswith(DATABASE):
            facts = path.stat()
            state[path.relative_to(source).as_posix()] = (facts.st_size, facts.st_mtime_ns)
    return state


def copy_database(source: Path, target: Path) -> None:
    """Copy the database while Chroma writes to it, and have SQLite check the copy."""
    address = f"{source.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(address, uri=True, timeout=60)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        (answer,) = copy.execute("PRAGMA integrity_check").fetchone()
        if answer != "ok":
            raise RuntimeError(f"the copy of {source.name} is damaged: {answer}")


def copy_once(source: Path, target: Path) -> bool:
    """Copy everything into an empty folder; return whether the index stood still meanwhile."""
    before = index_state(source)
    for name in before:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source / name, target / name)
    copy_database(source / DATABASE, target / DATABASE)
    return index_state(source) == before


def main(source: Path, target: Path) -> int:
    """Copy `source` to `target`; return 1 when there is no database or the index never stood still."""
    if not (source / DATABASE).is_file():
        print(f"{source / DATABASE} does not exist: is this the folder of Chroma?", file=sys.stderr)
        return 1
    for _ in range(ATTEMPTS):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        try:
            if copy_once(source, target):
                return 0
        except FileNotFoundError as gone:
            print(f"{gone.filename} went away while it was copied", file=sys.stderr)
        time.sleep(PAUSE)
    print(f"the index changed during each of {ATTEMPTS} copies: choose a quieter hour, or stop Chroma", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
