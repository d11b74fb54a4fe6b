"""scripts/secrets-env against moto's Secrets Manager and compose-go: every byte arrives, nothing leaks, nothing lands in git."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room

COMPOSE = """\
name: shop
services:
  web:
    image: ghcr.io/acme/web:1.0.0
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD:?}@db:5432/shop
      SESSION_SECRET: ${SESSION_SECRET:?}
      SENTRY_TOKEN: ${SENTRY_TOKEN:-}
  db:
    image: postgres:16
    environment:
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: ${DB_PASSWORD:?}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: {}}
"""
AWKWARD = [
    "plain-Value_1",
    "with space",
    "it's",
    'a "quoted" word',
    "${NOT_A_REFERENCE} $HOME $$",
    "# no comment",
    "back\\slash \\n \\t",
    "line one\nline two\n",
    "tab\there",
    "grüße 漢字 🔑",
    " leading and trailing ",
    "a=b;c|d&e`f`(g)<h>!*?[i]{j}~%^",
    "'\"$\\\n#",
    "\r\n",
]


@pytest.fixture(scope="module")
def manager() -> Iterator[dict[str, str]]:
    """A Secrets Manager on loopback, as the environment that reaches it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "eu-central-1"}
    yield {**keys, "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_CONFIG_FILE": os.devnull, "AWS_PAGER": ""}
    server.stop()


def put(manager: dict[str, str], name: str, keys: dict[str, str]) -> None:
    import boto3

    client = boto3.client(
        "secretsmanager",
        endpoint_url=manager["AWS_ENDPOINT_URL"],
        region_name=manager["AWS_REGION"],
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    text = json.dumps(keys)
    if any(item["Name"] == name for item in client.list_secrets()["SecretList"]):
        client.put_secret_value(SecretId=name, SecretString=text)
    else:
        client.create_secret(Name=name, SecretString=text)


HOST = {"GRAFANA_ADMIN_PASSWORD": "x", "BACKUP_PASSWORD": "y"}
"""What monitoring and backups need on the host, and no workload of a cluster reads."""


@pytest.fixture
def script(make_project: Callable[..., Path]) -> Path:
    """The script as it is written for a project with a managed database and an application's own secrets."""
    root = make_project({"compose.yaml": COMPOSE})
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.ENV}), edit_codes=None))
    return root / "scripts" / "secrets-env"


def call(script: Path, manager: dict[str, str], *arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))
    return subprocess.run(
        [str(script), *arguments],
        env={**manager, "PATH": path, "HOME": str(home), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_every_byte_reaches_the_container(
    script: Path, manager: dict[str, str], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    require_tool("aws")
    program = require_tool("compose-go-config")
    target = tmp_path / "outside" / "shop.env"
    # Starting the AWS command line takes a second: many values travel through one secret.
    for value in ("".join(AWKWARD), AWKWARD[0]):
        put(manager, "shop/production/db", {"password": "Pa55word", "username": "shop"})
        put(manager, "shop/production/app", {"SESSION_SECRET": value})
        put(manager, "shop/production/compose-host", HOST)
        done = call(script, manager, "production", "--out", str(target), home=tmp_path)
        assert done.returncode == 0, done.stderr
        assert value not in done.stdout + done.stderr
        assert stat.S_IMODE(target.stat().st_mode) == 0o600
        read = subprocess.run(
            [program, "-f", "compose.yaml", "--env-file", str(target)],
            cwd=script.parent.parent,
            capture_output=True,
            text=True,
            check=True,
        )
        environment = json.loads(read.stdout)["services"]["web"]["environment"]
        assert container_value(environment["SESSION_SECRET"]) == value
        assert environment["DATABASE_URL"] == "postgresql://shop:Pa55word@db:5432/shop"
        assert environment["SENTRY_TOKEN"] == ""


def container_value(shown: str) -> str:
    """Return what the container gets: a configuration that is printed has each dollar sign twice, to be read again."""
    return shown.replace("$$", "$")


def quoted_by(script: Path, value: str) -> str:
    """Return a value as the script quotes it, by the script's own function."""
    code = "import importlib.machinery as m, json, sys; s = m.SourceFileLoader('s', sys.argv[1]).load_module(); print(json.dumps(s.quoted(json.loads(sys.argv[2]))))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-B", "-c", code, str(script), json.dumps(value)],
        capture_output=True,
        text=True,
        check=True,
    )
    quoted: str = json.loads(done.stdout)
    return quoted


@pytest.mark.parametrize("value", AWKWARD)
def test_compose_reads_back_what_was_quoted(
    script: Path, require_tool: Callable[[str], str], tmp_path: Path, value: str
) -> None:
    program = require_tool("compose-go-config")
    (tmp_path / "x.env").write_text(f"SESSION_SECRET={quoted_by(script, value)}\nDB_PASSWORD=x\n", newline="")
    read = subprocess.run(
        [program, "-f", "compose.yaml", "--env-file", str(tmp_path / "x.env")],
        cwd=script.parent.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert container_value(json.loads(read.stdout)["services"]["web"]["environment"]["SESSION_SECRET"]) == value


@pytest.mark.parametrize("place", ["inside.env", "deeper/inside.env", "link/inside.env"])
def test_a_place_inside_the_repository_is_refused(script: Path, tmp_path: Path, place: str) -> None:
    root = script.parent.parent
    (tmp_path / "link").symlink_to(root)
    target = tmp_path / place if place.startswith("link") else root / place
    done = call(script, {}, "production", "--out", str(target), home=tmp_path)
    assert done.returncode == 1
    assert "inside the repository" in done.stderr
    assert not target.exists()
    assert not (root / "deeper").exists()


def test_what_is_missing_is_named_and_nothing_is_written(
    script: Path, manager: dict[str, str], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    require_tool("aws")
    put(manager, "shop/staging/db", {"password": "", "username": "shop"})
    put(manager, "shop/staging/app", {})
    put(manager, "shop/staging/compose-host", {"GRAFANA_ADMIN_PASSWORD": "x"})
    target = tmp_path / "staging.env"
    done = call(script, manager, "staging", "--out", str(target), home=tmp_path)
    assert done.returncode == 1
    assert "password of shop/staging/db (for DB_PASSWORD)" in done.stderr
    assert "SESSION_SECRET of shop/staging/app" in done.stderr
    assert "BACKUP_PASSWORD of shop/staging/compose-host" in done.stderr
    assert "SENTRY_TOKEN" not in done.stderr
    assert not target.exists()
    unknown = call(script, manager, "elsewhere", "--out", str(target), home=tmp_path)
    assert unknown.returncode == 1
    assert "shop/elsewhere/" in unknown.stderr


def test_a_link_is_replaced_and_not_followed(
    script: Path, manager: dict[str, str], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    require_tool("aws")
    put(manager, "shop/production/db", {"password": "Pa55word"})
    put(manager, "shop/production/app", {"SESSION_SECRET": "value"})
    put(manager, "shop/production/compose-host", HOST)
    (tmp_path / "public").write_text("for everybody")
    target = tmp_path / "link.env"
    target.symlink_to(tmp_path / "public")
    assert call(script, manager, "production", "--out", str(target), home=tmp_path).returncode == 0
    assert (tmp_path / "public").read_text() == "for everybody"
    assert not target.is_symlink()
    assert sorted(path.name for path in tmp_path.iterdir() if "link.env" in path.name) == ["link.env"]
