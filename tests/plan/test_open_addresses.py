"""A whole address that production takes from a variable: of a managed store Terraform knows each part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

Make = Callable[..., Path]
COMPOSE = """\
services:
  api:
    image: acme/api:1
    ports: ["8000:8000"]
    environment:
      DATABASE_URL: ${DATABASE_URL}
  db:
    image: postgres:17
    environment:
      POSTGRES_USER: ${POSTGRES_USER}
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD}
      POSTGRES_DB: ${POSTGRES_DB}
    volumes: ["kept:/var/lib/postgresql/data"]
volumes: {kept: }
"""
TEMPLATE = """\
DB_NAME=ledger
DB_USER=app
DB_PASSWORD=change-me
DATABASE_URL=postgresql+asyncpg://${DB_USER}:${DB_PASSWORD}@db:5432/${DB_NAME}
PGADMIN_DEFAULT_PASSWORD=change-me
"""


def written(root: Path) -> dict[str, str]:
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    paths = (
        "deploy/helm/books/values.yaml",
        "docs/operations/rotation.md",
        "infra/terraform/rds.tf",
        ".env.production.example",
    )
    return {path: (root / path).read_text() for path in paths}


def test_the_chart_composes_what_a_template_writes(make_project: Make) -> None:
    files = written(make_project({"compose.yaml": COMPOSE, ".env.example": TEMPLATE}, name="books"))
    values = files["deploy/helm/books/values.yaml"]
    composed = values.partition("\n      DATABASE_URL:\n")[2].partition("\n      password:")[0]
    assert "- postgresql+asyncpg://" in composed
    assert "field: database" in composed
    assert "?ssl=require" in composed
    assert "${" not in values.partition("secrets:")[2]
    assert (
        'db_name                     = "ledger"' in files["infra/terraform/rds.tf"]
        or '"ledger"' in files["infra/terraform/rds.tf"]
    )


def test_without_a_form_the_page_tells_the_parts(make_project: Make) -> None:
    files = written(make_project({"compose.yaml": COMPOSE}, name="books"))
    (row,) = [line for line in files["docs/operations/rotation.md"].splitlines() if line.startswith("| `DATABASE_URL` |")]
    assert "`SCHEME://USERNAME:PASSWORD@HOST:5432/DATABASE?sslmode=require`" in row
    assert "`stores.db` of `infra/terraform: terraform output -json helm_values`" in row
    assert "the secret `db`" in row


REQUIRED = {
    "compose.yaml": """\
services:
  api: {build: ., env_file: .env, ports: ["8000:8000"]}
  cache: {image: "redis:8", env_file: .env, command: "redis-server --requirepass ${REDIS_PASSWORD:?}"}
  db:
    image: postgres:17
    env_file: .env
    environment: {POSTGRES_PASSWORD: "${DB_PASSWORD:?}", POSTGRES_DB: "${POSTGRES_DB}"}
    volumes: ["kept:/var/lib/postgresql/data"]
volumes: {kept: }
""",
    "Dockerfile": 'FROM python:3.13-slim\nCOPY . /app\nUSER 1000\nCMD ["python", "/app/serve.py"]\n',
    "serve.py": "import os\n\nprint(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])\n",
    ".env.example": TEMPLATE + "REDIS_PASSWORD=change-me\nREDIS_URL=redis://:${REDIS_PASSWORD}@cache:6379/0\n",
    ".gitignore": ".env\n",
}


@pytest.fixture
def required(make_project: Make) -> dict[str, str]:
    return written(make_project(REQUIRED, name="books"))


def test_no_reference_of_a_template_is_left_in_a_secret_of_the_chart(required: dict[str, str]) -> None:
    secrets = required["deploy/helm/books/values.yaml"].partition("\nsecrets:")[2].partition("\ndatabaseRoles:")[0]
    assert "DATABASE_URL:" in secrets
    assert "${" not in secrets


def test_the_password_of_another_program_is_not_the_one_of_the_database(required: dict[str, str]) -> None:
    values = required["deploy/helm/books/values.yaml"]
    login = values.partition("      PGADMIN_DEFAULT_PASSWORD:\n")[2].partition("\n      REDIS")[0]
    assert "secret: app" in login


def test_a_template_asks_for_an_address_and_not_for_random_text(required: dict[str, str]) -> None:
    before = required[".env.production.example"].partition("\nREDIS_URL=")[0].rpartition("\n")[2]
    assert "the URL with its login, redis://:<password>@cache:6379/0" in before
