"""The plan on stdin: every mistake is named with its place, and hostile input never gives a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terraform.errors import PlanError
from terraform.plan import MAX_CHARACTERS, parse
from tests.terraform import support

PROGRAM = support.ROOT / "terraform" / "main.py"


def mistake(document: Any) -> tuple[str, str]:
    with pytest.raises(PlanError) as error:
        parse(json.dumps(document))
    return error.value.path, error.value.message


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"app": "My App"}, "plan.app", "a DNS label is wanted"),
        ({"app": 3}, "plan.app", "text is wanted"),
        ({"app": "a\x00b"}, "plan.app", "the text holds a NUL or half a character"),
        ({"region": "us-east-1; rm"}, "plan.region", "a region such as us-east-1 is wanted"),
        ({"compute": "nomad"}, "plan.compute", "eks or ecs is wanted"),
        ({"environments": []}, "plan.environments", "at least one environment is needed"),
        ({"environments": [{"name": "a", "production": "yes"}]}, "plan.environments[0].production", "true or false is wanted"),
        ({"postgres": {}}, "plan.postgres", "a list is wanted"),
        ({"postgres": [support.postgres(version="16.4")]}, "plan.postgres[0].version", "a major such as 17, or nothing is wanted"),
        ({"postgres": [support.postgres(port=0)]}, "plan.postgres[0].port", "a port from 1 to 65535 is wanted"),
        ({"postgres": [support.postgres(port=True)]}, "plan.postgres[0].port", "a port from 1 to 65535 is wanted"),
        ({"postgres": [support.postgres(extra=1)]}, "plan.postgres[0].extra", "is unknown"),
        ({"postgres": [support.postgres("x")], "caches": [support.cache("x")]}, "plan.stores", "'x' stands twice"),
        ({"secrets": [support.login("db")]}, "plan.secrets", "the store 'db' is not in the plan"),
        ({"postgres": [support.postgres()]}, "plan.secrets", "the store 'db' needs exactly one secret for the application's login"),
        ({"postgres": [support.postgres(user="pg_admin")]}, "plan.postgres[0].user", "a role that RDS takes is wanted"),
        ({"secrets": [{"name": "stripe-tokens", "keys": [], "store": "", "host": False}]}, "plan.secrets[0].name", "a name that Secrets Manager takes is wanted"),
        ({"caches": [support.cache(product="redis")]}, "plan.caches[0].product", "elasticache or memorydb is wanted"),
        ({"buckets": [{"purpose": "junk", "workloads": []}]}, "plan.buckets[0].purpose", "backups or uploads is wanted"),
        ({"environments": [{"name": "a-long-environment", "production": True}]}, "plan.environments[0].name", "a word of at most 12 letters, digits, hyphens is wanted"),
        ({"colour": "red"}, "plan.colour", "is unknown"),
    ],
)  # fmt: skip
def test_mistakes_are_named(change: dict[str, Any], path: str, message: str) -> None:
    assert mistake({**support.STATELESS, "secrets": [], **change}) == (path, message)


def test_a_missing_field_is_named() -> None:
    assert mistake({key: value for key, value in support.FRIDAY.items() if key != "caches"}) == ("plan.caches", "is missing")


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_other_json_is_refused(document: Any) -> None:
    assert mistake(document)[0].startswith("plan")


@given(st.text())
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(PlanError):
        parse(text)


def program(text: bytes, cwd: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, str(PROGRAM), *arguments],
        input=text,
        cwd=cwd,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"app": "\\ud800"}',
        b"null",
        b" " * (MAX_CHARACTERS + 1),
    ],
    ids=["empty", "not UTF-8", "deep", "half a character", "null", "too long"],
)
def test_errors_are_json_with_exit_code_1(text: bytes, tmp_path: Path) -> None:
    done = program(text, tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["path"].startswith("plan")
    assert b"Traceback" not in done.stderr


def test_a_login_has_only_the_keys_that_terraform_writes(tmp_path: Path) -> None:
    secrets = [{"name": "cache", "keys": ["password", "passphrase"], "store": "redis", "host": False}]
    done = program(json.dumps({**support.FRIDAY, "secrets": secrets}).encode(), tmp_path)
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["path"] == "secrets.tf/cache"
    assert error["message"] == "a login has the keys username, password, host, port, url, and no passphrase"


def test_the_same_bytes_every_time_and_everywhere(tmp_path: Path) -> None:
    """Other folder, other hash seed, other locale, printed or written: the same bytes, and nothing else is left behind."""
    text = json.dumps(support.PLANS["several"]).encode()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = program(text, tmp_path / "a", PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    second = program(text, tmp_path / "b", "--out", "out", PYTHONHASHSEED="2", LC_ALL="C.UTF-8", TZ="Asia/Tokyo")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    files = json.loads(first.stdout)["files"]
    written = {
        path.relative_to(tmp_path / "b" / "out").as_posix(): path.read_bytes().decode()
        for path in (tmp_path / "b" / "out").rglob("*")
        if path.is_file()
    }
    assert written == files
    assert list((tmp_path / "a").iterdir()) == []
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["out"]
    assert str(tmp_path) not in first.stdout.decode()
    assert str(support.ROOT) not in first.stdout.decode()
