"""Edits of Compose files: jobs, profiles, new healthchecks and moved Dockerfiles; Compose takes what comes out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generate.edits.test_edits import edited
from tests.generate.monitoring.conftest import load

Make = Callable[..., Path]

JOB = """\
services:
  migrate:
    image: ghcr.io/acme/web:1.0.0
    command: alembic upgrade head
  web:
    image: ghcr.io/acme/web:1.0.0
    ports: ["8000:8000"]
    depends_on:
      - migrate  # the schema
      - cache
  cache:
    image: redis:7.4
    healthcheck: {test: ["CMD", "redis-cli", "-e", "ping"]}
"""


def test_a_job_is_awaited_until_it_has_ended_and_a_store_until_it_answers(make_project: Make) -> None:
    after = edited(make_project({"compose.yaml": JOB}), "compose.yaml")
    wanted = """\
    depends_on:
      migrate:
        condition: service_completed_successfully  # the schema
      cache:
        condition: service_healthy
"""
    assert after == JOB.replace("    depends_on:\n      - migrate  # the schema\n      - cache\n", wanted)


def test_a_service_that_is_only_called_like_a_job_is_left_to_a_person(make_project: Make) -> None:
    text = JOB.replace("    command: alembic upgrade head\n", "").replace(
        "  migrate:\n    image: ghcr.io/acme/web:1.0.0", "  setup:\n    image: ghcr.io/acme/tools:1"
    )
    text = text.replace("- migrate", "- setup")
    assert "service_completed_successfully" not in edited(make_project({"compose.yaml": text}), "compose.yaml")


STORE = """\
services:
  web:
    image: ghcr.io/acme/web:1.0.0
    depends_on: [db]
  worker:
    image: ghcr.io/acme/web:1.0.0
    command: celery -A app worker
    depends_on:
      - cache
      - db
  cache:
    image: redis:7.4
    healthcheck: {test: ["CMD", "redis-cli", "-e", "ping"]}
  db:
    image: postgres:16
    volumes:
      - data:/var/lib/postgresql/data   # kept

volumes: {data: {}}
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_store_gets_a_healthcheck_and_everybody_waits_for_it(
    make_project: Make, require_tool: Callable[[str], str], line_end: str
) -> None:
    root = make_project({"compose.yaml": STORE.replace("\n", line_end)})
    after = edited(root, "compose.yaml")
    check = '["CMD-SHELL", "pg_isready -h 127.0.0.1 -U \\"$${POSTGRES_USER:-postgres}\\" -d \\"$${POSTGRES_DB:-$${POSTGRES_USER:-postgres}}\\""]'
    wanted = STORE.replace("depends_on: [db]", "depends_on: {db: {condition: service_healthy}}")
    wanted = wanted.replace(
        "      - cache\n      - db\n",
        "      cache:\n        condition: service_healthy\n      db:\n        condition: service_healthy\n",
    )
    wanted = wanted.replace(
        "# kept\n",
        f"# kept\n    healthcheck:\n      test: {check}\n      interval: 10s\n      timeout: 5s\n      retries: 5\n      start_period: 30s\n",
    )
    assert after == wanted.replace("\n", line_end)
    project, error = load(require_tool("compose-go-config"), root, ("compose.yaml",))
    assert not error
    assert project["services"]["web"]["depends_on"]["db"]["condition"] == "service_healthy"


PROFILES = """\
services:
  proxy:
    image: nginx:1.28
    {proxy}
    depends_on: [pages]
  pages:
    image: ghcr.io/acme/pages:1
    profiles: {profiles}
"""


@pytest.mark.parametrize(
    ("profiles", "after"),
    [
        ("[pages]", "[pages, production]"),
        ("['pages']  # both", "['pages', production]  # both"),
        ("\n      - pages", "\n      - pages\n      - production"),
    ],
)
def test_the_profile_of_the_dependant_is_added(make_project: Make, profiles: str, after: str) -> None:
    text = PROFILES.format(proxy="profiles: [production]", profiles=profiles)
    wanted = PROFILES.format(proxy="profiles: [production]", profiles=after)
    assert edited(make_project({"compose.yaml": text}), "compose.yaml") == wanted


def test_a_service_without_a_profile_does_without_what_has_one(make_project: Make, require_tool: Callable[[str], str]) -> None:
    root = make_project({"compose.yaml": PROFILES.format(proxy="restart: always", profiles="[pages]")})
    after = edited(root, "compose.yaml")
    assert "depends_on: {pages: {condition: service_started, required: false}}" in after
    assert not load(require_tool("compose-go-config"), root, ("compose.yaml",))[1]


DOCKERFILE = "FROM python:3.13-slim\nCOPY app.py .\nCMD python app.py\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "build:\n      context: .\n      dockerfile: Dockerfile.api",
            "build:\n      context: .\n      dockerfile: docker/Dockerfile.api",
        ),
        ("build: {context: ., dockerfile: 'Dockerfile.api'}", "build: {context: ., dockerfile: docker/Dockerfile.api}"),
    ],
)
def test_the_dockerfile_is_named_where_it_is(make_project: Make, before: str, after: str) -> None:
    compose = f"services:\n  api:\n    {before}\n"
    root = make_project({"compose.yaml": compose, "docker/Dockerfile.api": DOCKERFILE, "app.py": "print()\n"})
    assert edited(root, "compose.yaml") == compose.replace(before, after)


@pytest.mark.parametrize(
    "files",
    [
        {"docker/Dockerfile": DOCKERFILE, "app.py": "", "other/Dockerfile": DOCKERFILE},
        # It copies from its own folder: the context of the build is not the one that it was written for.
        {"docker/Dockerfile": DOCKERFILE, "docker/app.py": ""},
    ],
)
def test_a_dockerfile_that_may_be_another_is_left_to_a_person(make_project: Make, files: dict[str, str]) -> None:
    compose = "services:\n  api:\n    build: .\n"
    assert edited(make_project({"compose.yaml": compose, **files}), "compose.yaml") == compose


def test_an_empty_list_becomes_one_that_resets(make_project: Make, require_tool: Callable[[str], str]) -> None:
    base = 'services:\n  api:\n    image: ghcr.io/acme/api:1.0.0\n    ports: ["8000:8000"]\n    volumes: [".:/app"]\n'
    text = "services:\n  api:\n    ports: []  # only the proxy\n    volumes: [ ]\n    environment: {}\n"
    root = make_project({"compose.yaml": base, "compose.prod.yaml": text})
    tool = require_tool("compose-go-config")
    files = ("compose.yaml", "compose.prod.yaml")
    assert load(tool, root, files)[0]["services"]["api"]["ports"]
    after = edited(root, "compose.prod.yaml")
    assert after == text.replace("ports: []", "ports: !reset []").replace("volumes: [ ]", "volumes: !reset [ ]")
    service = load(tool, root, files)[0]["services"]["api"]
    assert not service.get("ports")
    assert not service.get("volumes")


def test_a_dockerignore_gets_the_pattern_that_keeps_secrets_out(make_project: Make) -> None:
    files = {
        "compose.yaml": "services:\n  api:\n    build: .\n",
        "Dockerfile": 'FROM node:24-slim\nCOPY . /app\nCMD ["node", "/app/server.js"]\n',
        ".dockerignore": "node_modules",
        ".env.example": "JWT_SECRET=\n",
    }
    after = edited(make_project(files), ".dockerignore")
    assert after.startswith("node_modules\n")
    assert ".env" in after.splitlines()
    copied = {**files, "Dockerfile": 'FROM node:24-slim\nCOPY . /app\nCOPY .env /app/\nCMD ["node", "/app/server.js"]\n'}
    assert edited(make_project(copied, name="copied"), ".dockerignore") == "node_modules"


def test_a_drawn_key_under_any_name_is_asked_for(make_project: Make) -> None:
    text = (
        "services:\n  app:\n    image: ghcr.io/acme/shop:1.0\n    environment:\n      SHOP_BOX_KEY: {}\n      SITE_NAME: {}\n"
    )
    before = text.format("${SHOP_BOX_KEY:-b31e60724269fb0aeaccf241a81b1438}", "${SITE_NAME:-shop}")
    after = edited(make_project({"compose.yaml": before}), "compose.yaml")
    assert "SHOP_BOX_KEY: ${SHOP_BOX_KEY:?see .env.example}" in after
    assert "SITE_NAME: ${SITE_NAME:-shop}" in after
