"""Credentials leave the compose file at every place, the templates name the variable, and Compose still reads the file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import Generation, plan_generation, write_generation
from scaffold.app.preview import show_generation
from scaffold.app.view import View
from tests.conftest import commit_all

COMPOSE = """\
# our shop
services:
  web:
    image: ghcr.io/acme/web:1.0.0
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD:-hunter22}@db:5432/shop
      FALLBACK_URL: ${FALLBACK_URL:-postgresql://shop:hunter22@db:5432/shop}
      MODE: ${MODE:-fast}   # kept
  db:
    image: postgres:16
    environment:
      - POSTGRES_USER=shop
      - "POSTGRES_PASSWORD=${DB_PASSWORD:-hunter22}"
    healthcheck:
      test: ["CMD-SHELL", "PGPASSWORD=${DB_PASSWORD:-hunter22} psql -h 127.0.0.1 -U shop -c 'select 1'"]
    volumes: ["data:/var/lib/postgresql/data"]
  cache:
    image: redis:7.4-alpine
    command: ["redis-server", "--requirepass", "redis987"]
volumes: {data: {}}
"""
GUARD = "${DB_PASSWORD:?see .env.example}"


def run(root: Path, *codes: str) -> Generation:
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset(codes))
    write_generation(generation)
    return generation


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_default_goes_at_every_place_and_nothing_else_changes(make_project: Callable[..., Path], line_end: str) -> None:
    root = make_project({"compose.yaml": COMPOSE.replace("\n", line_end)})
    run(root, "SEC001")
    expected = COMPOSE.replace("${DB_PASSWORD:-hunter22}", GUARD).replace("shop:hunter22@", f"shop:{GUARD}@")
    assert (root / "compose.yaml").read_bytes().decode() == expected.replace("\n", line_end)
    template = (root / ".env.example").read_text()
    assert "\nDB_PASSWORD=\n" in template
    assert "\nDB_PASSWORD=\n" in (root / ".env.production.example").read_text()
    assert "hunter22" not in template


def test_a_literal_of_a_command_becomes_a_variable_of_its_service(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    run(root, "SEC002")
    text = (root / "compose.yaml").read_text()
    assert '    command: ["redis-server", "--requirepass", "${CACHE_PASSWORD:?see .env.example}"]\n' in text
    assert "\nCACHE_PASSWORD=\n" in (root / ".env.example").read_text()


def test_compose_stops_without_the_value_and_puts_it_in_every_place(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    program = require_tool("compose-go-config")
    root = make_project({"compose.yaml": COMPOSE})
    run(root)
    commit_all(root)
    refused = subprocess.run([program, "-f", "compose.yaml"], cwd=root, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "see .env.example" in refused.stdout + refused.stderr
    values = tmp_path / "values.env"
    values.write_text("DB_PASSWORD=from-outside\nCACHE_PASSWORD=other\n")
    done = subprocess.run(
        [program, "-f", "compose.yaml", "--env-file", str(values)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    services = json.loads(done.stdout)["services"]
    assert services["db"]["environment"]["POSTGRES_PASSWORD"] == "from-outside"
    assert services["web"]["environment"]["FALLBACK_URL"] == "postgresql://shop:from-outside@db:5432/shop"
    assert services["cache"]["command"][-1] == "other"


def test_a_diff_shows_no_value_and_says_to_rotate(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset())
    shown = show_generation(generation, View(width=200), diff=True, written=False)
    assert f"+      DATABASE_URL: postgresql://shop:{GUARD}@db:5432/shop" in shown
    assert "hunter" not in shown
    assert "redis987" not in shown
    assert "rotate the secret" in shown


def test_the_users_own_template_gets_what_it_lacks(make_project: Callable[..., Path]) -> None:
    own = "# ours\nMODE=fast"
    root = make_project({"compose.yaml": COMPOSE, ".env.example": own})
    run(root, "SEC001")
    text = (root / ".env.example").read_text()
    assert text.startswith(f"{own}\n\n# Secret, used by db, web; make one with: openssl rand -hex 32\nDB_PASSWORD=\n")
    assert text.count("DB_PASSWORD") == 1


WORKFLOW = """\
name: e2e
on: push
jobs:
  e2e:
    runs-on: ubuntu-24.04
    {environment}steps:
      - uses: actions/checkout@v5
      - run: docker compose up -d --wait
"""


def test_a_workflow_that_would_break_keeps_the_file_as_it_is(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE, ".github/workflows/e2e.yml": WORKFLOW.format(environment="")})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SEC001"}))
    assert "compose.yaml" not in generation.texts_before
    assert any("e2e.yml runs Compose without DB_PASSWORD" in item.reason for item in generation.skipped)
    gaps = [item.gap for item in examine(Place(root)).judgement.gaps if item.gap.code == "SEC001"]
    assert [closer.kind for gap in gaps for closer in gap.closes] == ["advice"]


def test_a_workflow_that_sets_the_variable_is_no_obstacle(make_project: Callable[..., Path]) -> None:
    workflow = WORKFLOW.format(environment="env: {DB_PASSWORD: for-tests}\n    ")
    root = make_project({"compose.yaml": COMPOSE, ".github/workflows/e2e.yml": workflow})
    run(root, "SEC001")
    assert GUARD in (root / "compose.yaml").read_text()


def test_a_development_stack_stays_easy_to_start(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": "services:\n  web: {image: nginx:1.28}\n", "compose.dev.yaml": COMPOSE})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SEC001"}))
    assert not generation.texts_before


BARE = """\
services:
  web:
    build: .
    environment:
      SESSION_SECRET: ${SESSION_SECRET}
      OPENAI_API_KEY: $OPENAI_API_KEY
"""
CODE = 'import os\n\nSECRET = os.environ["SESSION_SECRET"]\nKEY = os.getenv("OPENAI_API_KEY", "")\n'


def test_a_key_that_the_code_can_do_without_may_stay_empty(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": BARE, "app/settings.py": CODE, "Dockerfile": "FROM python:3.13-slim\nUSER 1000\n"})
    run(root, "CFG005")
    text = (root / "compose.yaml").read_text()
    assert "SESSION_SECRET: ${SESSION_SECRET:?see .env.example}\n" in text
    assert "OPENAI_API_KEY: ${OPENAI_API_KEY:-}\n" in text


def test_a_new_healthcheck_does_not_bring_the_default_back(make_project: Callable[..., Path]) -> None:
    compose = """\
services:
  cache:
    image: redis:7.4-alpine
    command: redis-server --requirepass ${REDIS_PASSWORD:-redis987}
    healthcheck:
      test: ["CMD", "redis-cli", "ping"]
"""
    root = make_project({"compose.yaml": compose})
    run(root)
    text = (root / "compose.yaml").read_text()
    assert "redis987" not in text
    assert text.count("${REDIS_PASSWORD:?see .env.example}") == 2


def test_both_ends_of_a_login_take_their_password_from_one_variable(make_project: Callable[..., Path]) -> None:
    compose = """\
services:
  web:
    image: ghcr.io/acme/web:1.0.0
    environment:
      - DATABASE_URL=postgresql://shop:hunter22@db:5432/shop
  db:
    image: postgres:16
    environment:
      - POSTGRES_USER=shop
      - POSTGRES_PASSWORD=${DB_PASSWORD:-hunter22}
    volumes: ["data:/var/lib/postgresql/data"]
volumes: {data: {}}
"""
    root = make_project({"docker-compose.prod.yml": compose})
    run(root, "SEC001", "SEC002")
    expected = compose.replace("${DB_PASSWORD:-hunter22}", GUARD).replace("shop:hunter22@", f"shop:{GUARD}@")
    assert (root / "docker-compose.prod.yml").read_text() == expected


STORE = """\
services:
  db:
    image: postgres:16
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:-hunter22}"}
    volumes: [data:/var/lib/postgresql/data]
"""


def test_two_stacks_of_one_template_add_each_variable_once(make_project: Callable[..., Path]) -> None:
    application = '  api:\n    build: .\n    environment: {DB_PASSWORD: "${POSTGRES_PASSWORD:-hunter22}"}\n'
    files = {
        "docker/docker-compose.yml": f"{STORE}{application}volumes: {{data: }}\n",
        "backend/docker-compose.yml": f"{STORE}volumes: {{data: }}\n",
        "docker/Dockerfile": "FROM node:24\n",
        "env-example": "POSTGRES_PORT=5432\n",
    }
    root = make_project(files)
    commit_all(root)
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset()))
    assert (root / "env-example").read_text().count("POSTGRES_PASSWORD=") == 1


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ("docker compose up -d", True),
        ("docker compose -f compose.yaml up", True),
        ("cp .env.example .env\ndocker compose up -d", False),
        ("export DB_PASSWORD=$(openssl rand -hex 16)\ndocker compose up -d", False),
        ("docker compose -f compose.test.yaml up", False),
        ("make up", False),
    ],
)
def test_a_page_whose_start_ends_from_then_on_is_named_beforehand(
    steps: str, told: bool, make_project: Callable[..., Path]
) -> None:
    page = f"# Shop\n\n```sh\n{steps}\n```\n"
    root = make_project({"compose.yaml": COMPOSE, "README.md": page})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"SEC001"}))
    whys = [item.edit.why for item in generation.edits if item.edit.path == "compose.yaml"]
    assert whys
    assert any("README.md:4 starts this without an env file" in why for why in whys) is told
