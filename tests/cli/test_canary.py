"""No secret ever leaves its file: unique tokens in every place where one can stand, and no four characters of one in any output."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import commit_all
from tests.projects import EXAMPLES

LETTERS = "GHJKMNPQRTUVWXYZ"
SECRET_WORDS = {
    "friday": ["${GRAFANA_PASSWORD:-admin}"],
    "propertypro": [
        "password123",
        "redis123",
        "your-secret-key-change-in-production",
        "AIzaMade_Of_Words-Never_Issued_Anywhere",
    ],
}
"""The secrets that stand in each example as it is; each occurrence becomes a token of its own."""

EXTRA = """\
services:
  canary:
    image: ghcr.io/acme/canary:1.0.0
    build:
      context: .
      args: {NPM_TOKEN: %(build)s}
    command: ["serve", "--password=%(command)s", "--api-key", "%(option)s"]
    environment:
      API_TOKEN: %(environment)s
      DATABASE_URL: postgresql://canary:%(userinfo)s@db:5432/canary
      CONNECTION: Host=db;Username=canary;Password=%(connection)s
      CONNECTION_DEFAULT: ${CONNECTION_DEFAULT:-host=db user=canary password=%(defaultconnection)s}
      FALLBACK_SECRET: ${FALLBACK_SECRET:-%(fallback)s}
      NESTED_PASSWORD: ${NESTED_PASSWORD:-${OTHER_PASSWORD:-%(nested)s}}
      PRIVATE_KEY: |
        -----BEGIN PRIVATE KEY-----
        %(key)s
        -----END PRIVATE KEY-----
    env_file: [canary.env]
    labels: {com.acme.api-key: %(label)s, traefik.http.middlewares.a.basicauth.users: "admin:%(basic)s"}
    healthcheck:
      test: ["CMD-SHELL", "curl -u admin:%(healthcheck)s http://localhost:8080/health"]
    secrets: [canary]
    configs: [canary]
    depends_on: [cache]
    logging: {driver: splunk, options: {splunk-token: %(logging)s}}
  cache:
    image: redis:7.4
    command: redis-server --requirepass %(requirepass)s
    ports: ["6379:6379"]
    healthcheck:
      test: ["CMD", "redis-cli", "-a", "%(argument)s", "ping"]
secrets:
  canary: {file: ./canary.secret}
configs:
  canary: {content: "token: %(config)s"}
"""
OTHER_FILES = {
    "canary.env": "export SESSION_SECRET='%(envfile)s'\n# OLD_PASSWORD=%(comment)s\n",
    "canary.secret": "%(secretfile)s\n",
    ".env": "DOTENV_PASSWORD=%(dotenv)s\nAWS_SECRET_ACCESS_KEY=%(aws)s\n",
    "Dockerfile": 'FROM python:3.13-slim\nENV SERVICE_TOKEN=%(image)s\nARG BUILD_PASSWORD=%(arg)s\nHEALTHCHECK CMD curl -H "X-Token: %(probe)s" localhost\nCMD ["python"]\n',
    "canary_settings.py": 'import os\nSECRET_KEY = "%(setting)s"\nTOKEN = os.getenv("APP_TOKEN", "%(getenv)s")\n',
    "canary.js": 'const key = process.env.JWT_SECRET || "%(javascript)s";\n',
    ".github/workflows/canary.yml": "name: canary\non: push\nenv: {DEPLOY_TOKEN: %(workflow)s}\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: docker login -u bot -p %(step)s ghcr.io\n        env: {TWINE_PASSWORD: %(stepenv)s}\n",
    "canary/prometheus.yml": "scrape_configs:\n  - job_name: canary\n    basic_auth: {username: x, password: %(scrape)s}\n    static_configs: [{targets: ['canary:8080']}]\n",
    "canary/alertmanager.yml": "route: {receiver: a}\nreceivers:\n  - name: a\n    slack_configs: [{api_url: 'https://hooks.slack.com/services/T0/B0/%(webhook)s'}]\n",
    "canary/main.tf": 'resource "aws_db_instance" "x" {\n  password = "%(terraform)s"\n}\n',
    "Makefile": "backup:\n\tPGPASSWORD=%(makefile)s pg_dump -h db\n",
    "deploy.sh": "#!/bin/sh\nexport API_KEY=%(script)s\n",
    "docs/DEPLOYMENT.md": "# Deployment\n\n```sh\ncurl -H 'Authorization: Bearer %(doc)s' https://example.org\n```\n",
}


def tokens() -> Iterator[str]:
    """Yield tokens of 24 characters, letter and digit in turn: no run of four of them is in any plain text or hash."""
    chance = random.Random(20261122)
    while True:
        yield "".join(chance.choice(LETTERS) + chance.choice("23456789") for _ in range(12))


class _Planted(dict[str, str]):
    """Hands out a new token for every name that a text asks for."""

    def __init__(self, source: Iterator[str]) -> None:
        super().__init__()
        self._source = source

    def __missing__(self, name: str) -> str:
        self[name] = next(self._source)
        return self[name]


def plant(root: Path, name: str) -> list[str]:
    """Put tokens wherever a secret stands, and add files with every other place; return the tokens."""
    source = tokens()
    planted = _Planted(source)
    used: list[str] = []
    for path in sorted(item for item in root.rglob("*") if item.is_file() and ".git" not in item.parts):
        text = path.read_text(encoding="utf-8")
        for word in SECRET_WORDS[name]:
            while word in text:
                token = next(source)
                used.append(token)
                text = text.replace(word, word.replace("admin", token) if word.startswith("${") else token, 1)
        path.write_text(text, encoding="utf-8")
    for extra, text in {"compose.canary.yaml": EXTRA, **OTHER_FILES}.items():
        target = root / extra
        target.parent.mkdir(parents=True, exist_ok=True)
        old = target.read_text(encoding="utf-8") + "\n" if target.exists() else ""
        target.write_text(old + text % planted, encoding="utf-8")
    commit_all(root)
    return used + list(planted.values())


def assert_clean(what: str, text: str, runs: dict[str, str]) -> None:
    found = {text[index : index + 4] for index in range(len(text) - 3)} & runs.keys()
    assert not found, f"{what} shows a part of a secret: {sorted(found)[:3]}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_part_of_a_secret_is_in_any_output(example: Callable[[str], Path], name: str) -> None:
    root = example(name)
    secrets = plant(root, name)
    assert len(secrets) == len(set(secrets)) > 30
    runs = {secret[index : index + 4]: secret for secret in secrets for index in range(21)}
    before = {path for path in root.rglob("*") if path.is_file()}
    commands = [
        *(["gaps", "--all", "--fail-on", "never", "--format", form] for form in ("text", "json", "sarif", "markdown")),
        ["inspect"],
        ["inspect", "--format", "json"],
        ["generate", "--dry-run", "--format", "json"],
        ["generate", "--diff"],
        ["generate", "--edit", "--diff"],
        ["generate", "--yes", "--no-validate"],
        ["generate", "--edit", "--no-validate"],
        ["validate"],
        ["validate", "--format", "json", "--all", "--fail-on", "never"],
    ]
    for command in commands:
        # --edit takes the next word as codes, so the project comes first.
        done = subprocess.run(
            [sys.executable, "-m", "scaffold", command[0], str(root), *command[1:]],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert done.returncode in {0, 1}, done.stderr
        assert_clean(f"stdout of {' '.join(command)}", done.stdout, runs)
        assert_clean(f"stderr of {' '.join(command)}", done.stderr, runs)
    written = sorted(path for path in root.rglob("*") if path.is_file() and path not in before and ".git" not in path.parts)
    assert any(path.name == "scaffold.lock" for path in written)
    for path in written:
        assert_clean(str(path.relative_to(root)), path.read_text(encoding="utf-8"), runs)


def test_the_check_itself_finds_a_leak() -> None:
    secret = next(tokens())
    with pytest.raises(AssertionError):
        assert_clean("a text", f"password is {secret[5:9]}", {secret[i : i + 4]: secret for i in range(21)})


def test_fingerprints_do_not_depend_on_values(example: Callable[[str], Path]) -> None:
    def prints(root: Path) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-m", "scaffold", "gaps", str(root), "--format", "json", "--all", "--fail-on", "never"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return {gap["fingerprint"] for gap in json.loads(done.stdout)["gaps"] if gap["code"] == "SEC001"}

    root = example("propertypro")
    first = prints(root)
    compose = root / "docker-compose.yml"
    compose.write_text(re.sub("password123", "password987", compose.read_text(encoding="utf-8")), encoding="utf-8")
    assert first
    assert prints(root) == first
