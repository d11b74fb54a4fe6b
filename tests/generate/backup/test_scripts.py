"""The scripts against real stores: back up, destroy, restore, compare; and everything that must not pass as a backup."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
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
    assert "db has no dump" in backup.refused("ship.sh", **keep)
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
    backup.ok("ship.sh", **LOCAL)
    done = backup.run("ship.sh", BACKUP_VOLUMES=str(tmp_path / "no such folder"), BACKUP_STORES="never-dumped", **LOCAL)
    assert done.returncode != 0
    assert "never-dumped has no dump" in done.stderr


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
