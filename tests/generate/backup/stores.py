"""Real stores on loopback for the backup scripts: a PostgreSQL, a Redis, a MariaDB and an S3, each thrown away afterwards."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

SECRET = "k9-Canary'$\" pass"
"""A password with everything in it that a shell or a connection string could take for syntax."""
UNPRIVILEGED = "nobody"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    for _ in range(300):
        if server.poll() is not None:
            log.seek(0)
            raise AssertionError(f"the server ended: {log.read()[-2000:].decode(errors='replace')}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the server does not answer")


def _user() -> str | None:
    """The servers of databases refuse to run as root."""
    return UNPRIVILEGED if os.geteuid() == 0 else None


@contextmanager
def server_folder() -> Iterator[Path]:
    """Give a folder that an unprivileged server can reach; pytest closes its own folders to others."""
    with tempfile.TemporaryDirectory(prefix="store-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def owned(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if _user():
        shutil.chown(folder, UNPRIVILEGED)
    return folder


@contextmanager
def serve(command: Sequence[str], port: int, *, as_root: bool = False, env: dict[str, str] | None = None) -> Iterator[None]:
    with tempfile.TemporaryFile() as log:
        user = None if as_root else _user()
        server = subprocess.Popen(command, stdout=log, stderr=log, env=env, user=user, cwd="/")
        try:
            wait_for(port, server, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@dataclass(frozen=True)
class Postgres:
    """A server with one superuser `admin`."""

    bin: Path
    port: int

    @property
    def env(self) -> dict[str, str]:
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "admin", "PGPASSWORD": SECRET}

    def sql(self, text: str, database: str = "postgres") -> str:
        command = [str(self.bin / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-f", "-"]
        environment = {**os.environ, **self.env, "PGDATABASE": database}
        done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def postgres(initdb: str) -> Iterator[Postgres]:
    with server_folder() as folder:
        yield from _postgres(initdb, folder)


def _postgres(initdb: str, folder: Path) -> Iterator[Postgres]:
    programs = Path(initdb).resolve().parent
    password = folder / "password"
    data = owned(folder / "data")
    password.write_text(SECRET)
    password.chmod(0o644)
    command = [initdb, "-D", str(data), "-U", "admin", "-A", "scram-sha-256", f"--pwfile={password}", "-N", "-E", "UTF8"]
    subprocess.run(
        command, check=True, capture_output=True, user=_user(), timeout=120, env={"PATH": os.environ["PATH"], "LC_ALL": "C"}
    )
    port = free_port()
    options = [
        "-c",
        f"port={port}",
        "-c",
        f"unix_socket_directories={data}",
        "-c",
        "fsync=off",
        "-c",
        "listen_addresses=127.0.0.1",
    ]
    with serve([str(programs / "postgres"), "-D", str(data), *options], port):
        server = Postgres(programs, port)
        for _ in range(100):
            try:
                server.sql("SELECT 1")
                break
            except AssertionError:
                time.sleep(0.1)
        yield server


@dataclass(frozen=True)
class Redis:
    """A server on a data folder, started and stopped by hand."""

    program: str
    client: str
    data: Path
    port: int = field(default_factory=free_port)
    append_only: bool = True

    @property
    def env(self) -> dict[str, str]:
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port), "REDISCLI_AUTH": SECRET}

    @contextmanager
    def running(self) -> Iterator[None]:
        config = self.data.parent / "redis.conf"
        quoted = SECRET.replace("\\", "\\\\").replace('"', '\\"')
        append = "yes" if self.append_only else "no"
        config.write_text(f'port {self.port}\nbind 127.0.0.1\ndir {self.data}\nappendonly {append}\nrequirepass "{quoted}"\n')
        config.chmod(0o644)
        with serve([self.program, str(config)], self.port):
            yield

    def ask(self, *words: str) -> str:
        command = [self.client, "-p", str(self.port), "--no-auth-warning", *words]
        environment = {**os.environ, "REDISCLI_AUTH": SECRET}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
        return done.stdout.strip()


@contextmanager
def mariadb(program: str, install: str) -> Iterator[dict[str, str]]:
    """Give the environment in which the scripts reach a MariaDB with a user `admin`."""
    with server_folder() as folder:
        yield from _mariadb(program, install, folder)


def _mariadb(program: str, install: str, folder: Path) -> Iterator[dict[str, str]]:
    data = owned(folder / "data")
    start = owned(folder / "run")
    command = [install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(command, check=True, capture_output=True, user=_user(), timeout=120, cwd="/tmp")
    port = free_port()
    first = folder / "init.sql"
    quoted = SECRET.replace("\\", "\\\\").replace("'", "\\'")
    first.write_text(
        f"CREATE USER admin@'127.0.0.1' IDENTIFIED BY '{quoted}';\nGRANT ALL ON *.* TO admin@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    first.chmod(0o644)
    server = [
        program,
        "--no-defaults",
        f"--datadir={data}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={start}/s",
    ]
    with serve([*server, f"--pid-file={start}/pid", f"--init-file={first}", "--skip-name-resolve"], port):
        yield {"MYSQL_HOST": "127.0.0.1", "MYSQL_PORT": str(port), "MYSQL_USER": "admin", "MYSQL_PWD": SECRET}


@contextmanager
def object_store() -> Iterator[str]:
    """Give the restic repository of a bucket on an S3 on loopback."""
    port = free_port()
    code = f"import sys; from moto.server import main; sys.exit(main(['-H', '127.0.0.1', '-p', '{port}']))"
    with serve([sys.executable, "-c", code], port, as_root=True):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}/backups", method="PUT"), timeout=20).close()
        yield f"s3:http://127.0.0.1:{port}/backups/app"


@dataclass(frozen=True)
class Chroma:
    """A Chroma server on a data folder; the wheel's native part is all that it needs."""

    packages: Path
    data: Path
    port: int = field(default_factory=free_port)

    @contextmanager
    def running(self) -> Iterator[None]:
        words = ["chroma", "run", "--path", str(self.data), "--port", str(self.port), "--host", "127.0.0.1"]
        code = f"import chromadb_rust_bindings as native; native.cli({words!r})"
        with serve([sys.executable, "-c", code], self.port, as_root=True, env={**os.environ, "PYTHONPATH": str(self.packages)}):
            yield

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"http://127.0.0.1:{self.port}/api/v2/tenants/default_tenant/databases/default_database/{path}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read() or b"null")

    def add(self, collection: str, first: int, count: int) -> None:
        """Add documents whose vectors follow from their numbers."""
        numbers = range(first, first + count)
        body = {
            "ids": [f"n{number}" for number in numbers],
            "embeddings": [vector(number) for number in numbers],
            "documents": [f"text {number}" for number in numbers],
        }
        self.ask(f"collections/{collection}/upsert", body)

    def everything(self, collection: str) -> dict[str, tuple[Any, Any]]:
        """Return document and vector by id."""
        found = self.ask(f"collections/{collection}/get", {"include": ["documents", "embeddings"]})
        return {key: (d, tuple(e)) for key, d, e in zip(found["ids"], found["documents"], found["embeddings"], strict=True)}

    def nearest(self, collection: str, number: int) -> str:
        body = {"query_embeddings": [vector(number)], "n_results": 1, "include": ["distances"]}
        return str(self.ask(f"collections/{collection}/query", body)["ids"][0][0])


def vector(number: int) -> list[float]:
    return [((number * 2654435761 + place * 40503) % 65536) / 65536 for place in range(16)]
