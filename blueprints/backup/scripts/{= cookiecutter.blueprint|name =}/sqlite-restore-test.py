"""Writes to a SQLite database all the time, and tells whether a copy of it is whole.

usage: sqlite-restore-test.py write|check FOLDER

Every transaction adds a row to one table and its double to another: a copy that has half of one is none.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

FIRST = 2000  # rows that are there before anything is copied
TABLES = ("CREATE TABLE item (id INTEGER PRIMARY KEY, note TEXT)", "CREATE TABLE double (id INTEGER PRIMARY KEY, note TEXT)")


def write(folder: Path) -> None:
    """Fill the database, say so by a file beside it, and go on until somebody ends this."""
    with closing(sqlite3.connect(folder / "shop.db", timeout=60)) as shop:
        shop.execute("PRAGMA journal_mode = WAL")
        with shop:
            for table in TABLES:
                shop.execute(table)
        number = 0
        while True:
            number += 1
            with shop:
                shop.execute("INSERT INTO item VALUES (?, ?)", (number, f"note {number} " * 20))
                shop.execute("INSERT INTO double VALUES (?, ?)", (number, f"note {number} " * 20))
            if number == FIRST:
                (folder / "filled").touch()


def check(folder: Path) -> str:
    """Return why a copy is not whole, "" where it is."""
    with closing(sqlite3.connect(folder / "shop.db")) as shop:
        (answer,) = shop.execute("PRAGMA integrity_check").fetchone()
        (rows,) = shop.execute("SELECT count(*) FROM item").fetchone()
        (alone,) = shop.execute(
            "SELECT count(*) FROM (SELECT * FROM item EXCEPT SELECT * FROM double)"
            " UNION ALL SELECT count(*) FROM (SELECT * FROM double EXCEPT SELECT * FROM item) ORDER BY 1 DESC"
        ).fetchone()
    if answer != "ok":
        return f"SQLite finds it damaged: {answer}"
    if rows < FIRST:
        return f"it has {rows} rows instead of {FIRST} and more"
    return f"{alone} rows came without their doubles" if alone else ""


if __name__ == "__main__":
    place = Path(sys.argv[2])
    if sys.argv[1] == "write":
        write(place)
    sys.exit(check(place) or None)
