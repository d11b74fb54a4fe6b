"""The application's own role on a real PostgreSQL: the chart's job makes it, and rotating the master breaks no connection."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

APP_PASSWORD = "a'p\"p$1 \\ pass"
MASTER, ROTATED = "master-before", "master-after"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL on loopback whose master is no superuser, as on RDS."""

    psql: str
    port: int

    def environment(self, user: str, password: str) -> dict[str, str]:
        path = os.pathsep.join((str(Path(self.psql).parent), os.environ["PATH"]))
        names = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGDATABASE": "shop", "PGUSER": user, "PGPASSWORD": password}
        return {**names, "PATH": path, "PGCONNECT_TIMEOUT": "10", "LC_ALL": "C.UTF-8"}

    def sql(self, user: str, password: str, text: str) -> subprocess.CompletedProcess[str]:
        command = [self.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text]
        return subprocess.run(
            command, env=self.environment(user, password), capture_output=True, text=True, check=False, timeout=60
        )

    def make_role(self, master_password: str, app_password: str, first_start: Mapping[str, str] | None = None) -> None:
        """Run the job of the chart, as its container does: without a terminal."""
        environment = self.environment("master", master_password) | {"APP_ROLE": "shop_app", "APP_PASSWORD": app_password}
        environment |= first_start or {}
        done = subprocess.run(
            ["/bin/sh", "-euc", job_script()],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert done.returncode == 0, done.stderr
        assert app_password not in done.stdout + done.stderr


def job_script() -> str:
    """Return the text that the chart's job hands to the shell; it holds no template action."""
    template = (ROOT / "helm-templates" / "database-roles.yaml").read_text(encoding="utf-8")
    text = template.partition("            - |\n")[2].partition("\n          env:\n")[0]
    script = textwrap.dedent(text)
    assert "CREATE ROLE" in script
    assert "{{" not in script
    return script


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(require_tool: Callable[[str], str]) -> Iterator[Server]:
    """Start a server that is thrown away afterwards."""
    programs = Path(require_tool("initdb")).resolve().parent
    user = "nobody" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="roles-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        data = folder / "data"
        data.mkdir()
        if user:
            shutil.chown(data, user)
        clean = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
        arguments = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8"]
        subprocess.run(arguments, check=True, capture_output=True, user=user, env=clean, timeout=120)
        rules = "local all postgres trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        (data / "pg_hba.conf").write_text(rules)
        port = _free_port()
        options = ["-D", str(data), "-p", str(port), "-k", str(data), "-c", "log_statement=all", "-c", "fsync=off"]
        with (folder / "log").open("w+b") as log:
            process = subprocess.Popen([str(programs / "postgres"), *options], stdout=log, stderr=log, user=user, env=clean)
            try:
                yield _prepared(Server(str(programs / "psql"), port))
                log.seek(0)
                assert APP_PASSWORD not in log.read().decode(errors="replace")
            finally:
                process.terminate()
                process.wait(timeout=30)


def _prepared(server: Server) -> Server:
    command = [server.psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-c"]
    environment = server.environment("postgres", "") | {"PGDATABASE": "postgres"}
    for _ in range(100):
        if subprocess.run([*command, "SELECT 1"], env=environment, capture_output=True, check=False).returncode == 0:
            break
        time.sleep(0.1)
    for text in (f"CREATE ROLE master LOGIN CREATEROLE CREATEDB PASSWORD '{MASTER}'", "CREATE DATABASE shop OWNER master"):
        subprocess.run([*command, text], env=environment, check=True, capture_output=True)
    return server


def test_rotating_the_master_breaks_no_connection_of_the_application(server: Server) -> None:
    server.make_role(MASTER, APP_PASSWORD)
    session = subprocess.Popen(
        [server.psql, "-XAtq", "-v", "ON_ERROR_STOP=1"],
        env=server.environment("shop_app", APP_PASSWORD),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert session.stdin
    session.stdin.write("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1); SELECT 'open';\n")
    session.stdin.flush()
    assert session.stdout
    assert session.stdout.readline() == "open\n"

    assert server.sql("postgres", "", f"ALTER ROLE master PASSWORD '{ROTATED}'").returncode == 0
    assert "authentication failed" in server.sql("master", MASTER, "SELECT 1").stderr

    answer, _ = session.communicate("SELECT count(*) FROM orders;\n", timeout=30)
    assert answer == "1\n"
    assert server.sql("shop_app", APP_PASSWORD, "SELECT id FROM orders").stdout == "1\n"


def test_the_job_runs_again_with_the_new_master_and_gives_the_role_its_new_password(server: Server) -> None:
    server.make_role(MASTER, APP_PASSWORD)
    assert server.sql("postgres", "", f"ALTER ROLE master PASSWORD '{ROTATED}'").returncode == 0
    server.make_role(ROTATED, "another-password")
    assert server.sql("shop_app", "another-password", "SELECT current_user").stdout == "shop_app\n"
    assert "authentication failed" in server.sql("shop_app", APP_PASSWORD, "SELECT 1").stderr
    rights = server.sql(
        "shop_app",
        "another-password",
        "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user",
    )
    assert rights.stdout == "f\n"


def test_the_job_runs_what_the_image_would_at_its_first_start_as_the_application_and_once(
    server: Server, tmp_path: Path
) -> None:
    (tmp_path / "1-schema.sql").write_text(
        "CREATE EXTENSION IF NOT EXISTS plpgsql;\nCREATE TABLE orders (id int);\nINSERT INTO orders VALUES (1);\n"
    )
    (tmp_path / "2-more.sql").write_text(
        "CREATE VIEW all_orders AS SELECT * FROM orders;\nGRANT SELECT ON orders TO shop_app;\n"
    )
    first = {"EXTENSIONS": "plpgsql", "FIRST_START": str(tmp_path)}
    server.make_role(MASTER, APP_PASSWORD, first)
    owner = "SELECT tableowner, (SELECT count(*) FROM all_orders) FROM pg_tables WHERE tablename = 'orders'"
    assert server.sql("shop_app", APP_PASSWORD, owner).stdout == "shop_app|1\n"
    # With tables in the database it is nobody's first start.
    server.make_role(MASTER, APP_PASSWORD, first)
    assert server.sql("shop_app", APP_PASSWORD, owner).stdout == "shop_app|1\n"


def test_a_first_start_that_fails_leaves_nothing_and_nobody_logs_in(server: Server, tmp_path: Path) -> None:
    (tmp_path / "1-schema.sql").write_text("CREATE TABLE orders (id int);\nCREATE TABLE orders (id int);\n")
    with pytest.raises(AssertionError, match="already exists"):
        server.make_role(MASTER, APP_PASSWORD, {"FIRST_START": str(tmp_path)})
    assert server.sql("shop_app", APP_PASSWORD, "SELECT 1").returncode != 0
    assert server.sql("postgres", "", "SELECT to_regclass('orders') IS NULL").stdout == "t\n"
