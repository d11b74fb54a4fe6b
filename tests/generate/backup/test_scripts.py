"""The scripts against real stores: back up, destroy, restore, compare; and everything that must not pass as a backup."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.generate.backup import stores
from tests.generate.backup.conftest import KEY, Backup
from tests.generate.backup.stores import SECRET, Chroma, Postgres, Redis

LOCAL = {"BACKUP_LOCAL": "yes"}
Tool = Callable[[str], str]


def damage(path: Path, *, keep: float = 0.5) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])


@pytest.fixture
def shop(postgres: Postgres) -> str:
    """A database with a name that has to be quoted everywhere, a role of its own, and data to compare."""
    name = f"sh op'{time.monotonic_ns()}"
    quoted = '"' + name + '"'
    postgres.sql(f"CREATE ROLE \"the app\" LOGIN PASSWORD '{KEY}'" if not has_role(postgres) else "SELECT 1")
    postgres.sql(f"CREATE DATABASE {quoted}")
    postgres.sql(
        "CREATE TABLE item (id int PRIMARY KEY, note text, made bytea);"
        "INSERT INTO item SELECT n, 'ü ' || md5(n::text), decode(md5(n::text), 'hex') FROM generate_series(1, 20000) n;"
        'ALTER TABLE item OWNER TO "the app"; CREATE VIEW few AS SELECT * FROM item WHERE id < 10;',
        name,
    )
    return name


def has_role(postgres: Postgres) -> bool:
    return postgres.sql("SELECT count(*) FROM pg_roles WHERE rolname = 'the app'") == "1"


def fingerprint(postgres: Postgres, database: str) -> str:
    return postgres.sql(
        "SELECT count(*), md5(string_agg(id || note || encode(made, 'hex'), ',' ORDER BY id)),"
        " (SELECT tableowner FROM pg_tables WHERE tablename = 'item'), (SELECT count(*) FROM few) FROM item",
        database,
    )


def test_a_postgresql_comes_back_from_an_object_store(backup: Backup, postgres: Postgres, shop: str) -> None:
    with stores.object_store() as repository:
        backup.repository = repository
        before = fingerprint(postgres, shop)
        backup.ok("dump-postgres.sh", BACKUP_NAME="db", **postgres.env)
        backup.ok("ship.sh", BACKUP_STORES="db")
        assert backup.dumps("db") == []
        backup.ok("verify.sh", BACKUP_STORES="db")

        postgres.sql(f'DROP DATABASE "{shop}"')
        postgres.sql('DROP OWNED BY "the app"; DROP ROLE "the app"')
        folder = backup.ok("fetch.sh", "db")
        backup.ok("restore-postgres.sh", folder, shop, **postgres.env)
        assert fingerprint(postgres, shop) == before

        # Somebody may hold a session, and the role may have got a new password since the dump.
        postgres.sql("DELETE FROM item WHERE id > 5", shop)
        postgres.sql("ALTER ROLE admin CONNECTION LIMIT 7")
        assert "nothing is overwritten" in backup.refused("restore-postgres.sh", folder, shop, **postgres.env)
        backup.ok("restore-postgres.sh", "--replace", folder, shop, **postgres.env)
        assert fingerprint(postgres, shop) == before
        assert postgres.sql("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'admin'") == "7"
        backup.assert_quiet(SECRET)


@pytest.mark.parametrize("harm", ["truncated", "one bit", "a file is gone"])
def test_a_dump_that_was_harmed_is_neither_shipped_nor_restored(
    harm: str, backup: Backup, postgres: Postgres, shop: str
) -> None:
    backup.ok("dump-postgres.sh", BACKUP_NAME="db", BACKUP_DATABASE=shop, **postgres.env)
    (dump,) = backup.dumps("db")
    file = dump / "1.dump"
    if harm == "truncated":
        damage(file)
    elif harm == "one bit":
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    else:
        file.unlink()
    assert "FAILED" in backup.refused("ship.sh", BACKUP_STORES="db", **LOCAL)
    assert backup.snapshots() == []
    backup.refused("restore-postgres.sh", "--replace", str(dump), **postgres.env)
    assert postgres.sql("SELECT count(*) FROM item", shop) == "20000"


def test_a_truncated_dump_with_right_checksums_is_refused_before_anything_is_dropped(
    backup: Backup, postgres: Postgres, shop: str
) -> None:
    backup.ok("dump-postgres.sh", BACKUP_NAME="db", BACKUP_DATABASE=shop, **postgres.env)
    (dump,) = backup.dumps("db")
    damage(dump / "1.dump", keep=0.9)
    sums = [f"{hashlib.sha256((dump / name).read_bytes()).hexdigest()}  ./{name}\n" for name in ("1.dump", "databases")]
    (dump / "SHA256SUMS").write_text("".join(sums))
    assert "damaged" in backup.refused("restore-postgres.sh", "--replace", str(dump), **postgres.env)
    assert postgres.sql("SELECT count(*) FROM item", shop) == "20000"


def test_a_repository_that_was_tampered_with_is_noticed(backup: Backup, tmp_path: Path) -> None:
    (tmp_path / "volumes" / "uploads").mkdir(parents=True)
    (tmp_path / "volumes" / "uploads" / "a").write_bytes(os.urandom(50_000))
    backup.ok("dump-sqlite.sh")
    backup.ok("ship.sh", **LOCAL)
    pack = max((tmp_path / "repository" / "data").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    data = bytearray(pack.read_bytes())
    data[1000] ^= 1
    pack.chmod(0o644)
    pack.write_bytes(data)
    assert "FAILED" in backup.refused("verify.sh", BACKUP_CHECK_SUBSET="100%", **LOCAL)
    assert "FAILED" in backup.refused("fetch.sh", "volume-uploads", **LOCAL)


def test_a_dump_that_fails_fails_and_nothing_old_goes(backup: Backup, postgres: Postgres, shop: str) -> None:
    one = {"BACKUP_NAME": "db", "BACKUP_DATABASE": shop, **postgres.env}
    keep = {"BACKUP_STORES": "db", "BACKUP_KEEP_LAST": "1", "BACKUP_KEEP_DAILY": "1", **LOCAL}
    keep |= {"BACKUP_KEEP_WEEKLY": "1", "BACKUP_KEEP_MONTHLY": "1"}
    backup.ok("dump-postgres.sh", **one)
    backup.ok("ship.sh", **keep)
    backup.ok("dump-postgres.sh", **one)
    (first,) = backup.snapshots()

    assert "FAILED" in backup.refused("dump-postgres.sh", **{**one, "PGPASSWORD": "wrong"})
    backup.refused("dump-postgres.sh", **{**one, "BACKUP_DATABASE": "no such database"})
    assert len(backup.dumps("db")) == 1
    assert not list((backup.staging / "db").glob(".part*"))

    # Nothing new since two intervals: the older copy that the retention would let go stays.
    (backup.staging / ".state" / "db").write_text(str(int(time.time()) - 100_000))
    assert "db has no whole dump" in backup.refused("ship.sh", **keep)
    assert first["id"] in [item["id"] for item in backup.snapshots()]
    assert len(backup.snapshots()) == 2

    backup.ok("dump-postgres.sh", **one)
    backup.ok("ship.sh", **keep)
    assert len(backup.snapshots()) == 1
    backup.assert_quiet(SECRET)


def test_a_destination_that_is_down_leaves_the_dump_and_does_not_fill_the_disk(
    backup: Backup, postgres: Postgres, shop: str
) -> None:
    one = {"BACKUP_NAME": "db", "BACKUP_DATABASE": shop, **postgres.env}
    backup.repository = f"rest:http://127.0.0.1:{stores.free_port()}/"
    for _ in range(4):
        backup.ok("dump-postgres.sh", **one)
        time.sleep(1.1)
    assert len(backup.dumps("db")) == 2
    newest = backup.dumps("db")[-1]
    assert "cannot be opened" in backup.refused("ship.sh", BACKUP_STORES="db")
    assert newest in backup.dumps("db")


def test_a_repository_on_this_host_is_no_destination(backup: Backup) -> None:
    assert "on this host" in backup.refused("ship.sh")
    assert not (backup.root / "repository").exists()


@pytest.mark.parametrize("append_only", [True, False], ids=["append-only", "snapshots"])
def test_a_redis_comes_back(append_only: bool, backup: Backup, require_tool: Tool) -> None:
    with stores.server_folder() as folder:
        redis_comes_back(append_only, backup, require_tool, stores.owned(folder / "data"))


def redis_comes_back(append_only: bool, backup: Backup, require_tool: Tool, data: Path) -> None:
    redis = Redis(require_tool("redis-server"), require_tool("redis-cli"), data, append_only=append_only)
    require_tool("redis-check-rdb")
    with redis.running():
        redis.ask("RPUSH", "celery", *(f"job {number}" for number in range(500)))
        redis.ask("SET", "a key", "ü\n")
        backup.ok("dump-redis.sh", BACKUP_NAME="redis", **redis.env)
        assert "FAILED" in backup.refused("dump-redis.sh", BACKUP_NAME="redis", **{**redis.env, "REDISCLI_AUTH": "wrong"})
        backup.ok("ship.sh", BACKUP_STORES="redis", **LOCAL)
        redis.ask("FLUSHALL")
        folder = backup.ok("fetch.sh", "redis", **LOCAL)
        assert "stop it first" in backup.refused("restore-redis.sh", folder, str(data), **redis.env)
    backup.ok("restore-redis.sh", folder, str(data), **redis.env)
    with redis.running():
        assert redis.ask("LLEN", "celery") == "500"
        assert redis.ask("LINDEX", "celery", "499") == "job 499"
        assert redis.ask("GET", "a key") == "ü"
        redis.ask("SET", "after", "1")
    if append_only:
        with redis.running():
            assert redis.ask("GET", "after") == "1", "the append-only file goes on after the restore"
    damage(Path(folder) / "dump.rdb")
    assert "checksum" in backup.refused("restore-redis.sh", folder, str(data), **redis.env)
    backup.assert_quiet(SECRET)


def test_a_mariadb_comes_back(backup: Backup, require_tool: Tool, tmp_path: Path) -> None:
    server, install, client = require_tool("mariadbd"), require_tool("mariadb-install-db"), require_tool("mariadb")

    def sql(text: str) -> str:
        command = [client, "--host=127.0.0.1", f"--port={env['MYSQL_PORT']}", "--protocol=tcp", "--user=admin", "-BN"]
        done = subprocess.run(command, input=text, env={**os.environ, **env}, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    with stores.mariadb(server, install) as env:
        sql("CREATE DATABASE `sh op`; USE `sh op`; CREATE TABLE t (id INT PRIMARY KEY, note TEXT) ENGINE=InnoDB;")
        sql("USE `sh op`; INSERT INTO t SELECT seq, MD5(seq) FROM seq_1_to_5000;")
        sql("USE `sh op`; CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.note = 'x';")
        before = sql("SELECT COUNT(*), MD5(GROUP_CONCAT(note ORDER BY id)) FROM `sh op`.t")
        backup.ok("dump-mysql.sh", BACKUP_NAME="mysql", **env)
        backup.refused("dump-mysql.sh", BACKUP_NAME="mysql", **{**env, "MYSQL_PWD": "wrong"})
        backup.ok("ship.sh", BACKUP_STORES="mysql", **LOCAL)
        sql("DROP DATABASE `sh op`")
        folder = backup.ok("fetch.sh", "mysql", **LOCAL)
        backup.ok("restore-mysql.sh", folder, **env)
        assert sql("SELECT COUNT(*), MD5(GROUP_CONCAT(note ORDER BY id)) FROM `sh op`.t") == before
        assert sql("SELECT COUNT(*) FROM information_schema.triggers WHERE trigger_schema = 'sh op'") == "1"
        backup.assert_quiet(SECRET)


def test_a_chroma_that_is_written_to_comes_back(backup: Backup, chroma_packages: Path, tmp_path: Path) -> None:
    data = tmp_path / "chroma"
    data.mkdir()
    chroma = Chroma(chroma_packages, data)
    stop = threading.Event()
    with chroma.running():
        collection = chroma.ask("collections", {"name": "properties"})["id"]
        for first in range(0, 2500, 500):
            chroma.add(collection, first, 500)

        def write() -> None:
            number = 10_000
            while not stop.wait(0.05):
                chroma.add(collection, number, 2)
                number += 2

        writer = threading.Thread(target=write)
        writer.start()
        try:
            backup.ok("dump-chroma.sh", BACKUP_NAME="chromadb", CHROMA_DATA=str(data))
        finally:
            stop.set()
            writer.join()
        expected = chroma.everything(collection)
    backup.ok("ship.sh", BACKUP_STORES="chromadb", **LOCAL)
    folder = backup.ok("fetch.sh", "chromadb", **LOCAL)
    for path in data.iterdir():
        assert path.is_dir() or path.name == "chroma.sqlite3"
    (data / "chroma.sqlite3").write_text("lost")
    backup.ok("restore-files.sh", folder, str(data))
    again = Chroma(chroma_packages, data)
    with again.running():
        found = again.everything(collection)
        assert {key: found[key] for key in found if int(key[1:]) < 10_000} == {
            key: expected[key] for key in expected if int(key[1:]) < 10_000
        }
        assert len([key for key in found if int(key[1:]) < 10_000]) == 2500
        assert set(found) <= set(expected)
        for number in (0, 1234, 2499):
            assert again.nearest(collection, number) == f"n{number}"


def test_a_folder_without_a_database_is_no_chroma(backup: Backup, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "FAILED" in backup.refused("dump-chroma.sh", BACKUP_NAME="chromadb", CHROMA_DATA=str(tmp_path / "empty"))
    assert backup.dumps("chromadb") == []


def test_files_come_back_with_their_owners_and_odd_names(backup: Backup, tmp_path: Path) -> None:
    uploads = tmp_path / "volumes" / "uploads"
    (uploads / "a b" / ".hidden").mkdir(parents=True)
    (uploads / "a b" / ".hidden" / "ü\n.jpg").write_bytes(b"\0\1")
    (uploads / ".top").write_text("x")
    (uploads / ".top").chmod(0o640)
    backup.ok("dump-sqlite.sh")
    backup.ok("ship.sh", **LOCAL)
    target = tmp_path / "target"
    target.mkdir()
    target.chmod(0o751)
    (target / "newer").write_text("kept aside")
    folder = backup.ok("fetch.sh", "volume-uploads", **LOCAL)
    backup.ok("restore-files.sh", folder, str(target))
    assert (target / "a b" / ".hidden" / "ü\n.jpg").read_bytes() == b"\0\1"
    assert (target / ".top").stat().st_mode & 0o777 == 0o640
    assert target.stat().st_mode & 0o777 == 0o751
    assert not (target / "newer").exists()
    assert [path.read_text() for path in target.glob("before-restore-*/newer")] == ["kept aside"]


def test_a_file_that_cannot_be_read_is_a_failure(backup: Backup, tmp_path: Path) -> None:
    uploads = tmp_path / "volumes" / "uploads"
    uploads.mkdir(parents=True)
    (uploads / "a").write_text("x")
    backup.ok("dump-sqlite.sh")
    backup.ok("ship.sh", **LOCAL)
    done = backup.run("ship.sh", BACKUP_VOLUMES=str(tmp_path / "no such folder"), BACKUP_STORES="never-dumped", **LOCAL)
    assert done.returncode != 0
    assert "never-dumped has no whole dump" in done.stderr


def test_the_schedule_makes_up_for_a_missed_slot_and_tries_again(backup: Backup, tmp_path: Path) -> None:
    job = tmp_path / "job.sh"
    job.write_text(
        f"#!/bin/sh\necho run >>{tmp_path}/runs\n[ -e {tmp_path}/works ] || exit 1\nmkdir -p {backup.staging}/.state\n"
        f"date +%s >{backup.staging}/.state/db\n"
    )
    job.chmod(0o755)
    environment = {"PATH": os.environ["PATH"], "BACKUP_NAME": "db", "BACKUP_STAGING": str(backup.staging)}
    environment |= {"BACKUP_INTERVAL": "3600", "BACKUP_RETRY": "1"}
    process = subprocess.Popen([backup.shell, str(backup.scripts / "on-schedule.sh"), str(job)], env=environment)
    try:
        runs = tmp_path / "runs"
        deadline = time.monotonic() + 20
        while not (runs.exists() and runs.read_text().count("run") >= 2) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert backup.run("healthy.sh", BACKUP_NAME="db").returncode != 0
        (tmp_path / "works").touch()
        while not (backup.staging / ".state" / "db").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        backup.ok("healthy.sh", BACKUP_NAME="db")
        count = runs.read_text().count("run")
        time.sleep(2.5)
        assert runs.read_text().count("run") == count
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)
        assert time.monotonic() - started < 5
    finally:
        process.kill()


def test_no_script_needs_more_than_the_shell_of_the_images(scripts: Path, require_tool: Tool) -> None:
    files = sorted(str(path) for path in scripts.glob("*.sh"))
    assert len(files) > 10
    command = [require_tool("shellcheck"), "--norc", "--shell=sh", "-x", "--source-path=SCRIPTDIR", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", ["postgres", "mysql", "redis"])
def test_the_restore_test_of_the_workflow_passes_and_notices_a_difference(
    kind: str, backup: Backup, require_tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The calls of the workflow, in its order, on programs of this machine in place of the images."""
    programs = ("initdb", "redis-server", "mariadbd", "mariadb-install-db", "mariadb")
    folders = {str(Path(require_tool(name)).resolve().parent) for name in programs}
    monkeypatch.setenv("PATH", os.pathsep.join((os.environ["PATH"], *sorted(folders))))
    test = {"BACKUP_NAME": kind, "TEST_PORT": str(stores.free_port())}
    backup.ok("restore-test.sh", kind, "seed", **test)
    backup.ok("ship.sh", BACKUP_STORES=kind, **LOCAL)
    backup.ok("fetch.sh", kind, **LOCAL)
    assert "restored and equal" in backup.run("restore-test.sh", kind, "compare", **test).stderr
    expected = backup.staging / f".expected-{kind}"
    expected.write_text(f"{expected.read_text()}more\n")
    assert "not what was there" in backup.refused("restore-test.sh", kind, "compare", **test)


def test_the_restore_test_of_a_chroma_passes_and_notices_a_difference(
    backup: Backup, chroma_packages: Path, tmp_path: Path
) -> None:
    """The programs of the workflow in its order: fill, dump, ship, fetch, restore into another folder, compare."""
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()

    def ask(phase: str, server: stores.Chroma) -> str:
        command = [sys.executable, str(backup.scripts / "chroma-restore-test.py"), phase, f"127.0.0.1:{server.port}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout

    server = stores.Chroma(chroma_packages, before)
    with server.running():
        expected = ask("seed", server)
        backup.ok("dump-chroma.sh", BACKUP_NAME="chromadb", CHROMA_DATA=str(before))
    assert json.loads(expected)["count"] == 1500
    backup.ok("ship.sh", BACKUP_STORES="chromadb", **LOCAL)
    folder = backup.ok("fetch.sh", "chromadb", **LOCAL)
    backup.ok("restore-files.sh", folder, str(after))
    restored = stores.Chroma(chroma_packages, after)
    with restored.running():
        assert ask("state", restored) == expected
        key = restored.ask("collections/restore-test")["id"]
        restored.ask(f"collections/{key}/delete", {"ids": ["n7"]})
        assert ask("state", restored) != expected
    damage(Path(folder) / "data" / "chroma.sqlite3")
    assert "checksum" in backup.refused("restore-files.sh", folder, str(after))


# --- SQLite -----------------------------------------------------------------------------------------------------------

DUMPED = {"BACKUP_STORES": "databases-data", **LOCAL}


def rows(path: Path, table: str = "item") -> int:
    with closing(sqlite3.connect(path)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def fill(path: Path, count: int = 100, mode: str = "delete") -> sqlite3.Connection:
    """Make a database and leave it open, as an application does."""
    path.parent.mkdir(parents=True, exist_ok=True)
    opened = sqlite3.connect(path, check_same_thread=False)
    opened.execute(f"PRAGMA journal_mode = {mode}")
    opened.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, note TEXT)")
    opened.executemany("INSERT INTO item (note) VALUES (?)", [(f"note {number} " * 30,) for number in range(count)])
    opened.commit()
    return opened


def copied(backup: Backup, target: Path) -> Path:
    """Dump, ship and fetch what is in the volume `data`, and put it back elsewhere."""
    backup.ok("dump-sqlite.sh")
    backup.ok("ship.sh", **DUMPED)
    target.mkdir(exist_ok=True)
    put_back(backup, target)
    return target


def put_back(backup: Backup, target: Path) -> None:
    files = backup.ok("fetch.sh", "volume-data", **LOCAL)
    databases = backup.ok("fetch.sh", "databases-data", **LOCAL)
    backup.ok("restore-files.sh", files, str(target), databases)


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_a_sqlite_that_is_written_to_comes_back(mode: str, backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    live = fill(data / "app.db", 20_000, mode)
    live.execute("CREATE TABLE double (id INTEGER PRIMARY KEY, note TEXT)")
    live.execute("INSERT INTO double SELECT * FROM item")
    live.commit()
    (data / "photo.jpg").write_bytes(os.urandom(5000))
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        while not stop.is_set():
            with live:
                key = live.execute("INSERT INTO item (note) VALUES ('new')").lastrowid
                live.execute("INSERT INTO double VALUES (?, 'new')", (key,))
            written += 1

    live.execute("PRAGMA busy_timeout = 60000")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        back = copied(backup, tmp_path / "back")
    finally:
        stop.set()
        writer.join()
        live.close()
    assert written > 50
    assert 20_000 <= rows(back / "app.db") <= 20_000 + written
    assert rows(back / "app.db") == rows(back / "app.db", "double")
    with closing(sqlite3.connect(back / "app.db")) as opened:
        assert opened.execute("PRAGMA journal_mode").fetchone() == (mode,)
    assert (back / "photo.jpg").read_bytes() == (data / "photo.jpg").read_bytes()
    names = subprocess.run(
        ["restic", "-r", backup.repository, "ls", "latest", "--tag", "volume-data", "--no-cache"],
        env={**os.environ, "RESTIC_PASSWORD": KEY},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "photo.jpg" in names
    assert "app.db" not in names, "the file of a live database is no copy of it"


def test_databases_come_back_beside_files_with_odd_names_and_their_owners(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    odd = ["a b/x[1]*?$HOME.sqlite", "a b/ü #.data", "!first", "plain.db", "ends with a blank "]
    live = [fill(data / name, 10 + number) for number, name in enumerate(odd)]
    near = ("x1aZ$HOME.sqlite", "xyz.sqlite", "plain.db.bak", "x[1]*?.sqlite")
    for name in near:
        (data / "a b" / name).write_text("a file")
    (data / "text").write_bytes(b"SQLite format 3 is not all that it takes".ljust(512))
    (data / "empty.db").touch()
    (data / "other").symlink_to("plain.db")
    if os.geteuid() == 0:
        os.chown(data / "plain.db", 1234, 1235)
        os.chown(data / "a b", 1234, 1235)
    (data / "plain.db").chmod(0o640)
    (data / "a b").chmod(0o750)
    back = copied(backup, tmp_path / "back")
    for opened in live:
        opened.close()
    assert [rows(back / name) for name in odd] == [10, 11, 12, 13, 14]
    assert [(back / "a b" / name).read_text() for name in near] == ["a file"] * 4
    assert (back / "text").read_bytes() == (data / "text").read_bytes()
    assert (back / "empty.db").stat().st_size == 0
    assert (back / "other").readlink() == Path("plain.db")
    for name in ("plain.db", "a b"):
        was, now = (data / name).stat(), (back / name).stat()
        assert (was.st_uid, was.st_gid, was.st_mode) == (now.st_uid, now.st_gid, now.st_mode)


def test_a_restore_over_a_newer_database_leaves_nothing_of_it(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    live = fill(data / "app.db", 50, "wal")
    backup.ok("dump-sqlite.sh")
    backup.ok("ship.sh", **DUMPED)
    live.execute("DELETE FROM item")
    live.commit()  # In the WAL, which lies there as after a crash.
    assert (data / "app.db-wal").stat().st_size
    put_back(backup, data)
    assert rows(data / "app.db") == 50
    live.close()
    (aside,) = data.glob("before-restore-*")
    assert rows(aside / "app.db") == 0
    # What is put aside stands still: it goes with the files, and the next copy is that of the volume as it is.
    backup.ok("dump-sqlite.sh")
    (dump,) = backup.dumps("databases-data")
    assert [path.name for path in (dump / "data").rglob("*")] == ["app.db"]


def test_a_database_that_is_not_there_yet_or_no_longer(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    data.mkdir(parents=True)
    (data / "readme").write_text("x")
    assert "before its databases are dumped" in backup.refused("ship.sh", **DUMPED)
    back = copied(backup, tmp_path / "back")
    assert (back / "readme").read_text() == "x"
    fill(data / "app.db", 7).close()
    assert rows(copied(backup, back) / "app.db") == 7


EMPTY_IS_RIGHT = {**DUMPED, "BACKUP_MAY_BE_EMPTY": "other data"}


def round_of(backup: Backup) -> subprocess.CompletedProcess[str]:
    """Dump and ship, a second after the dump before."""
    time.sleep(1.1)
    backup.ok("dump-sqlite.sh")
    return backup.run("ship.sh", **DUMPED)


@pytest.mark.parametrize("left", ["an empty folder", "lost+found", "a new database"])
def test_a_volume_that_comes_back_without_its_files_is_no_copy(left: str, backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    (data / "photos").mkdir(parents=True)
    (data / "photos" / "a.jpg").write_bytes(b"\0\1")
    assert round_of(backup).returncode == 0
    shutil.rmtree(data)
    data.mkdir()
    if left == "a new database":
        fill(data / "app.db", 1).close()
    else:
        (data / left).mkdir()
        if left == "lost+found":
            (data / left / "of the file system").touch()
    known = len(backup.snapshots())
    for _ in range(2):
        done = round_of(backup)
        assert done.returncode != 0
        assert "no file is left in data" in done.stderr
        assert "BACKUP_MAY_BE_EMPTY" in done.stderr
    assert {"volume-data"} in [set(map(str, item["tags"])) for item in backup.snapshots()[:known]]
    assert (Path(backup.ok("fetch.sh", "volume-data", **LOCAL)) / "photos" / "a.jpg").read_bytes() == b"\0\1"
    # What somebody says once is known from the copy afterwards.
    backup.ok("ship.sh", **EMPTY_IS_RIGHT)
    assert round_of(backup).returncode == 0
    back = tmp_path / "back"
    back.mkdir()
    put_back(backup, back)
    found = [path.name for path in back.iterdir() if not path.name.startswith("before-restore-")]
    assert found == {"a new database": ["app.db"], "an empty folder": ["an empty folder"]}.get(left, [])


def test_a_volume_that_lost_its_databases_is_no_copy(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    fill(data / "app.db", 7).close()
    (data / "readme").write_text("x")
    assert round_of(backup).returncode == 0
    shutil.move(data / "app.db", tmp_path / "app.db")
    for _ in range(2):
        done = round_of(backup)
        assert done.returncode != 0
        assert "no database is left in data" in done.stderr
        assert not (backup.staging / ".listed").exists(), "the names in a copy are not for the disk"
    # A moment without them has to be looked into, and does not stay.
    shutil.move(tmp_path / "app.db", data / "app.db")
    assert round_of(backup).returncode != 0
    assert backup.dumps("databases-data") == []
    assert round_of(backup).returncode == 0
    (data / "app.db").unlink()
    assert round_of(backup).returncode != 0
    backup.ok("ship.sh", **EMPTY_IS_RIGHT)
    assert round_of(backup).returncode == 0
    assert list((Path(backup.ok("fetch.sh", "databases-data", **LOCAL)) / "data").iterdir()) == []


def test_without_the_last_copy_nobody_knows_what_a_volume_had(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    data.mkdir(parents=True)
    assert round_of(backup).returncode == 0, "one that never had a file"
    (data / "a").write_text("x")
    assert round_of(backup).returncode == 0
    (data / "a").unlink()
    for path in (tmp_path / "repository" / "data").rglob("*"):
        if path.is_file():
            path.unlink()
    shutil.rmtree(tmp_path / "cache")
    assert "no file is left in data" in round_of(backup).stderr


def test_a_copy_of_the_files_and_its_databases_are_named_by_one_snapshot(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    data.mkdir(parents=True)
    for number in (1, 2, 3):
        (data / "app.db").unlink(missing_ok=True)
        fill(data / "app.db", number).close()
        (data / "number").write_text(str(number))
        assert round_of(backup).returncode == 0
    copies = {str(item["tags"]): [] for item in backup.snapshots()}
    for item in sorted(backup.snapshots(), key=lambda item: str(item["time"])):
        copies[str(item["tags"])].append(str(item["id"]))
    files, databases = copies["['volume-data']"], copies["['databases-data']"]
    for number in (1, 2, 3):
        chosen = files[number - 1][:8]
        assert (Path(backup.ok("fetch.sh", "volume-data", chosen, **LOCAL)) / "number").read_text() == str(number)
        assert rows(Path(backup.ok("fetch.sh", "databases-data", chosen, **LOCAL)) / "data" / "app.db") == number
    fetched = backup.ok("fetch.sh", "databases-data", databases[0], **LOCAL)
    assert rows(Path(fetched) / "data" / "app.db") == 1
    assert "is no copy of volume-data" in backup.refused("fetch.sh", "volume-data", databases[0], **LOCAL)
    assert "is no copy of databases-data" in backup.refused("fetch.sh", "databases-data", "0123abcd", **LOCAL)


def test_a_damaged_database_is_noticed_and_the_others_are_copied(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    fill(data / "bad.db", 3000).close()
    text = bytearray((data / "bad.db").read_bytes())
    text[20_000:40_000] = os.urandom(20_000)
    (data / "bad.db").write_bytes(text)
    (data / "fake.db").write_bytes(b"SQLite format 3\0".ljust(1024, b"x"))
    fill(data / "good.db", 5).close()
    assert "is damaged" in backup.refused("dump-sqlite.sh")
    assert "databases-data has no whole dump" in backup.refused("ship.sh", **DUMPED), "nothing old is removed meanwhile"
    back = tmp_path / "back"
    back.mkdir()
    put_back(backup, back)
    assert rows(back / "good.db") == 5
    assert (back / "fake.db").read_bytes() == (data / "fake.db").read_bytes()


def test_what_a_visitor_sent_does_not_keep_the_others_from_being_copied(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    fill(data / "good.db", 5).close()
    fill(data / "format.png", 5).close()
    text = bytearray((data / "format.png").read_bytes())
    text[44:48] = (5).to_bytes(4, "big")  # A format of the schema that no SQLite knows.
    (data / "format.png").write_bytes(text)
    for name, column in (("check.png", "x CHECK (length(hex(zeroblob(4000))))"), ("index.png", "x")):
        with closing(sqlite3.connect(data / name)) as sent:
            sent.execute(f"CREATE TABLE item ({column})")
            sent.execute("CREATE INDEX many ON item (length(hex(zeroblob(4000))))")
            sent.execute("INSERT INTO item VALUES (1)")
            sent.execute("PRAGMA writable_schema = ON")
            sent.execute("UPDATE sqlite_schema SET sql = replace(sql, '4000', '400000000')")
            sent.commit()
    time.sleep(1.1)
    said = backup.refused("dump-sqlite.sh")
    assert "unsupported file format" in said
    assert said.count("more memory than there is") == 2
    (dump,) = backup.dumps("databases-data")
    assert rows(dump / "data" / "good.db") == 5


def test_a_locked_database_is_a_failure_and_no_copy(backup: Backup, tmp_path: Path, scripts: Path) -> None:
    data = tmp_path / "volumes" / "data"
    live = fill(data / "app.db")
    live.execute("BEGIN EXCLUSIVE")
    program = (
        (scripts / "sqlite-snapshot.py")
        .read_text()
        .replace("PATIENCE = 60.0", "PATIENCE = 0.1")
        .replace("PAUSE = 2.0", "PAUSE = 0.1")
    )
    other = tmp_path / "scripts"
    shutil.copytree(scripts, other)
    (other / "sqlite-snapshot.py").write_text(program)
    backup.scripts = other
    assert "database is locked" in backup.refused("dump-sqlite.sh")
    assert backup.dumps("databases-data") == []
    live.rollback()
    backup.ok("dump-sqlite.sh")
    live.close()


def test_a_write_ahead_log_is_not_followed_from_another_host(backup: Backup, tmp_path: Path) -> None:
    data = tmp_path / "volumes" / "data"
    fill(data / "ahead.db", 3, "wal").close()
    fill(data / "plain.db", 4).close()
    (data / "photo.jpg").write_bytes(b"x")
    assert "one host alone" in backup.refused("dump-sqlite.sh", BACKUP_SHARED="yes")
    assert "databases-data has no whole dump" in backup.refused("ship.sh", **DUMPED)
    assert [path.name for path in Path(backup.ok("fetch.sh", "volume-data", **LOCAL)).iterdir()] == ["photo.jpg"]
    with closing(sqlite3.connect(data / "ahead.db")) as mended:
        mended.execute("PRAGMA journal_mode = delete")
    backup.ok("dump-sqlite.sh", BACKUP_SHARED="yes")
    (dump,) = backup.dumps("databases-data")
    assert [rows(dump / "data" / name) for name in ("ahead.db", "plain.db")] == [3, 4]


READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


@pytest.mark.parametrize("state", ["open", "closed", "killed", "killed without shm", "cut short"])
def test_a_database_is_copied_through_a_mount_that_nothing_can_be_written_to(
    state: str, backup: Backup, tmp_path: Path, require_tool: Tool
) -> None:
    """As the containers have the volumes: SQLite may write neither a log nor an index beside the database."""
    data = tmp_path / "volumes" / "data"
    code = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); c.execute('PRAGMA cache_size = 5')\n"
    )
    code += "c.execute(f'PRAGMA journal_mode = {sys.argv[2]}'); c.execute('CREATE TABLE item (note)'); c.execute('BEGIN')\n"
    code += "c.executemany('INSERT INTO item VALUES (?)', [('n' * 500,)] * 300); c.execute('COMMIT')\n"
    code += "if sys.argv[3] == 'open': print(flush=True); input()\n"
    code += "if sys.argv[3] == 'cut short': c.execute('BEGIN'); c.execute(\"UPDATE item SET note = 'half'\")\n"
    code += "c.close() if sys.argv[3] == 'closed' else os._exit(0)\n"
    data.mkdir(parents=True)
    mode = "delete" if state == "cut short" else "wal"
    command = [sys.executable, "-c", code, str(data / "app.db"), mode, state.partition(" without")[0]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as application:
        assert application.stdout
        application.stdout.readline()
        if state == "killed without shm":
            (data / "app.db-shm").unlink()
        before = {path.name: path.read_bytes() for path in data.iterdir()}
        sides = {"open": {"-wal", "-shm"}, "closed": set(), "killed": {"-wal", "-shm"}, "killed without shm": {"-wal"}}
        assert set(before) == {"app.db", *(f"app.db{side}" for side in sides.get(state, {"-journal"}))}
        namespace = [require_tool("unshare"), "--mount", "sh", "-c", READ_ONLY, "sh", str(data)]
        tried = subprocess.run([*namespace, "touch", str(data / "new")], capture_output=True, text=True, check=False)
        if "Read-only" not in tried.stderr:
            pytest.skip("nothing can be mounted here")
        backup.shell = " ".join([*namespace[:2], "sh", "-c", "'" + READ_ONLY + "'", "sh", str(data), backup.shell])
        backup.ok("dump-sqlite.sh")
        assert {path.name: path.read_bytes() for path in data.iterdir()} == before
        application.communicate()
    (dump,) = backup.dumps("databases-data")
    assert [path.name for path in (dump / "data").iterdir()] == ["app.db"]
    assert rows(dump / "data" / "app.db") == 300
    with closing(sqlite3.connect(dump / "data" / "app.db")) as opened:
        assert opened.execute("SELECT count(*) FROM item WHERE note = 'half'").fetchone() == (0,)


def test_the_restore_test_of_files_passes_and_notices_a_difference(backup: Backup, scripts: Path, tmp_path: Path) -> None:
    """The programs of the workflow in its order; the writer is killed, as its container is."""
    data, back = tmp_path / "volumes" / "data", tmp_path / "back"
    data.mkdir(parents=True)
    back.mkdir()
    program = [sys.executable, str(scripts / "sqlite-restore-test.py")]
    with subprocess.Popen([*program, "write", str(data)]) as writer:
        while not (data / "filled").exists():
            assert writer.poll() is None
            time.sleep(0.1)
        backup.ok("dump-sqlite.sh")
        writer.kill()
    backup.ok("ship.sh", **DUMPED)
    backup.ok("verify.sh", **DUMPED)
    put_back(backup, back)
    check = [*program, "check", str(back)]
    assert subprocess.run(check, capture_output=True, text=True, check=False).returncode == 0
    with closing(sqlite3.connect(back / "shop.db")) as shop:
        shop.execute("DELETE FROM double WHERE id = 7")
        shop.commit()
    assert "1 rows came without" in subprocess.run(check, capture_output=True, text=True, check=False).stderr
    file = backup.staging / "restore" / "databases-data" / "data" / "shop.db"
    damage(file)
    refused = backup.refused(
        "restore-files.sh", str(backup.staging / "restore" / "volume-data"), str(back), str(file.parents[1])
    )
    assert "checksum" in refused
    assert rows(back / "shop.db") >= 2000, "nothing is moved before all is checked"
