"""Copies the SQLite databases of a folder while applications write to them; nothing in the folder is changed.

usage: sqlite-snapshot.py SOURCE TARGET LIST

A file is taken for a database by its first bytes, whatever it is called. LIST gets the patterns for restic that leave the
databases out of the copy of the other files: a copy of the file of a live database is none. Ends with 2 when a database is
damaged; it stays with the other files then.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

MAGIC = b"SQLite format 3\0"
SMALLEST_PAGE = 512  # bytes; the size of a database is a multiple of it
SIDES = ("-wal", "-journal")
ATTEMPTS = 5
PAUSE = 2.0  # seconds
PATIENCE = 60.0  # seconds for one that is locked
SETTLED = 1_000_000_000  # nanoseconds; file systems tell times apart by less
ASIDE = ("before-restore-", "lost+found")
"""What restores put aside, and what belongs to the file system."""
SPECIAL = "\\*?["
SHARED = os.environ.get("BACKUP_SHARED") == "yes"
"""Whether the folder lies on a file system that several hosts mount."""
MEMORY = 160 * 2**20  # bytes, below the limit of the container: what a visitor sent may be made to need any amount


class ChangedError(Exception):
    """Files that should have stood still did not."""


class ElsewhereError(Exception):
    """Another host may write to a database in a way that only the processes of one host can follow."""


def find(source: Path) -> Iterator[Path]:
    """Yield the databases below a folder. Raises OSError for what cannot be read."""
    for place, folders, files in os.walk(source, onerror=stop):
        if Path(place) == source:
            folders[:] = [name for name in folders if not name.startswith(ASIDE)]
        for name in sorted(files):
            path = Path(place, name)
            try:
                if is_database(path):
                    yield path
            except FileNotFoundError:
                continue  # It went away, as files of a running application do.


def stop(error: OSError) -> None:
    """Pass on what os.walk would be silent about, but for a folder that went away."""
    if not isinstance(error, FileNotFoundError):
        raise error


def is_database(path: Path) -> bool:
    """Whether a file begins as the databases of SQLite do."""
    facts = path.lstat()
    if path.is_symlink() or not path.is_file() or facts.st_size == 0 or facts.st_size % SMALLEST_PAGE:
        return False
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def writes_ahead(database: Path) -> bool:
    """Whether a database has a write-ahead log by its header."""
    with database.open("rb") as file:
        return file.read(len(MAGIC) + 4)[18:20] == b"\2\2"


def copy(database: Path, target: Path) -> None:
    """Copy a database by SQLite's online backup, and have SQLite check the copy. Raises sqlite3.Error."""
    target.unlink(missing_ok=True)
    address = f"{database.absolute().as_uri()}?mode=ro"
    end = time.monotonic() + PATIENCE

    def look(_status: int, _left: int, total: int) -> None:
        # Python asks a locked database again for ever; as long as it is locked, nobody knows how many pages it has.
        if not total and time.monotonic() > end:
            raise sqlite3.OperationalError("database is locked")

    with closing(sqlite3.connect(address, uri=True, timeout=1)) as live, closing(sqlite3.connect(target)) as made:
        live.backup(made, progress=look)
        check(made)


def check(made: sqlite3.Connection) -> None:
    """Raise sqlite3.DatabaseError for a damaged copy; what the application alone can sort or read is left to it."""
    made.execute("PRAGMA trusted_schema = OFF")
    made.execute("PRAGMA ignore_check_constraints = ON")
    made.execute(f"PRAGMA hard_heap_limit = {MEMORY}")
    for way in ("integrity_check", "quick_check"):
        try:
            answers = [str(answer) for (answer,) in made.execute(f"PRAGMA {way}")]
        except MemoryError as error:
            raise sqlite3.DatabaseError("it needs more memory than there is to be checked") from error
        except sqlite3.OperationalError as error:
            if "no such" in str(error):
                continue  # A collation or a function of the application's own.
            if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
                raise sqlite3.DatabaseError(str(error)) from error  # What it holds, not how it is used.
            raise
        if answers != ["ok"]:
            raise sqlite3.DatabaseError(f"damaged: {answers[0]}")
        return


def copy_still(database: Path, target: Path) -> None:
    """Copy a database that nobody has open: SQLite would have to write beside it first. Raises ChangedError else."""
    before = state(database)
    if any(time.time_ns() - changed < SETTLED for _, _, _, changed in before):
        raise ChangedError(f"{database.name} was written to a moment ago")
    with tempfile.TemporaryDirectory(dir=target.parent) as name:
        for path, *_ in before:
            shutil.copyfile(path, Path(name, path.name))
        if state(database) != before:
            raise ChangedError(f"{database.name} changed while it was copied")
        still = Path(name, database.name)
        with closing(sqlite3.connect(still)) as opened:
            opened.execute("PRAGMA schema_version").fetchone()  # What was cut short is rolled back, what was written applied.
        copy(still, target)


def state(database: Path) -> list[tuple[Path, int, int, int]]:
    """Return the file of a database and those beside it, with what changes when somebody writes to them."""
    found = []
    for path in (database, *(Path(f"{database}{side}") for side in SIDES)):
        try:
            facts = path.stat()
        except FileNotFoundError:
            if path == database:
                raise
            continue
        found.append((path, facts.st_ino, facts.st_size, facts.st_mtime_ns))
    return found


def copy_somehow(database: Path, target: Path) -> None:
    """Copy a database, again where it is locked or changes. Raises sqlite3.Error, ChangedError, ElsewhereError or OSError."""
    if SHARED and writes_ahead(database):
        raise ElsewhereError("it has a write-ahead log, which SQLite keeps on one host alone; set its journal_mode to DELETE")
    for attempt in range(ATTEMPTS):
        try:
            try:
                copy(database, target)
            except sqlite3.OperationalError as error:
                if not any(words in str(error) for words in ("unable to open", "readonly")):
                    raise
                copy_still(database, target)
        except (sqlite3.OperationalError, ChangedError):
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE)
        else:
            return


def give_back(database: Path, made: Path) -> None:
    """Give the copy the owner and the mode of the database: the application has to write to what comes back."""
    facts = database.stat()
    made.chmod(facts.st_mode & 0o777)
    if (facts.st_uid, facts.st_gid) != (made.stat().st_uid, made.stat().st_gid):
        try:
            os.chown(made, facts.st_uid, facts.st_gid)
        except PermissionError:
            if os.geteuid() == 0:
                raise  # Else this is the user of the application: what is its own it can write to.


def pattern(path: Path) -> str:
    """Return a path as a pattern of restic, which takes off blanks at the end and puts variables in."""
    text = "".join(f"\\{char}" if char in SPECIAL else char for char in str(path)).replace("$", "$$")
    return "".join("?" if char != " " and (char.isspace() or not char.isprintable()) else char for char in text)


def write_list(place: Path, found: list[Path]) -> None:
    """Write the patterns that leave out the databases and what SQLite keeps beside them."""
    lines = [f"{pattern(path)}{side}\n" for path in found for side in ("", *SIDES, "-shm")]
    lines = [f"{line[:-2]}?\n" if line.endswith(" \n") else line for line in lines]
    new = place.with_name(f"{place.name}.new")
    new.write_text("".join(lines), encoding="utf-8", errors="surrogateescape")
    new.replace(place)


def main(source: Path, target: Path, place: Path) -> int:
    """Copy every database; return 1 when one cannot be copied now, else 2 when one is damaged."""
    copied, locked = [], []
    damaged = False
    for database in find(source):
        made = target / database.relative_to(source)
        made.parent.mkdir(parents=True, exist_ok=True)
        try:
            copy_somehow(database, made)
            give_back(database, made)
        except FileNotFoundError:
            made.unlink(missing_ok=True)
            continue
        except (sqlite3.OperationalError, ChangedError, ElsewhereError, OSError) as error:
            print(f"{database} cannot be copied: {error}", file=sys.stderr)
            locked.append(database)
        except sqlite3.DatabaseError as error:
            print(f"{database}: {error}", file=sys.stderr)
            made.unlink(missing_ok=True)
            damaged = True
        else:
            copied.append(database)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_list(place, [*copied, *locked])
    for database in copied:
        print(ascii(str(database.relative_to(source))))
    return 1 if locked else 2 if damaged else 0


if __name__ == "__main__":
    sys.exit(main(*(Path(text) for text in sys.argv[1:4])))
