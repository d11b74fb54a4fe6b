"""The scripts that the image of a PostgreSQL runs at its first start: a job of the chart runs them, or a note names them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

COMPOSE = """\
services:
  web: {build: ., ports: ["80:8000"], environment: {DATABASE_URL: "postgres://shop:${DB_PASSWORD:?}@db/shop"}}
  db:
    image: pgvector/pgvector:pg16
    environment: {POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: "${DB_PASSWORD:?}"}
    volumes: ["data:/var/lib/postgresql/data", "./sql:/docker-entrypoint-initdb.d:ro"]
volumes: {data: {}}
"""
SCHEMA = """\
-- CREATE ROLE nobody; -- a comment is no statement
CREATE EXTENSION vector;
CREATE TABLE IF NOT EXISTS documents (id uuid PRIMARY KEY, embedding vector(3));
CREATE INDEX documents_embedding ON documents USING hnsw (embedding vector_l2_ops);
INSERT INTO documents VALUES ('c0ffee00-0000-4000-8000-000000000000');
GRANT ALL ON ALL TABLES IN SCHEMA public TO shop;
"""
CHART = "deploy/helm/shop"


def generated(make_project: Callable[..., Path], **scripts: str) -> Path:
    named = {f"sql/{name.replace('__', '.')}": text for name, text in scripts.items()}
    root = make_project({"compose.yaml": COMPOSE, "Dockerfile": "FROM python:3.14\nCOPY . .\n", **named}, name="shop")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    return root


def test_a_job_makes_the_extensions_and_runs_the_scripts(
    make_project: Callable[..., Path], require_tool: Callable[[str], str]
) -> None:
    root = generated(make_project, **{"2-more__sql": "CREATE EXTENSION IF NOT EXISTS pg_trgm;\n", "1-schema__sql": SCHEMA})
    role = yaml.safe_load((root / CHART / "values.yaml").read_text())["databaseRoles"]["db"]
    assert role["extensions"] == ["vector", "pg_trgm"]
    # The application may not make one, and leaves alone what is there.
    schema = SCHEMA.replace("CREATE EXTENSION vector", "CREATE EXTENSION IF NOT EXISTS vector")
    assert role["firstStart"] == {"1-schema.sql": schema}
    assert "docker-entrypoint-initdb.d" not in (root / CHART / "README.md").read_text()
    stand_ins = [f"--values={root / CHART / 'ci' / name}" for name in ("values-infra.json", "values-release.json")]
    command = [require_tool("helm"), "template", "shop", str(root / CHART), *stand_ins]
    made = yaml.safe_load_all(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found = {(item["kind"], item["metadata"]["name"]): item for item in made if item}
    assert found["ConfigMap", "db-role-first-start"]["data"] == role["firstStart"]
    (job,) = [item for (kind, name), item in found.items() if kind == "Job" and name.startswith("db-role-")]
    pod = job["spec"]["template"]["spec"]
    env = {item["name"]: item.get("value") for item in pod["containers"][0]["env"]}
    assert (env["EXTENSIONS"], env["FIRST_START"]) == ("vector pg_trgm", "/first-start")
    assert pod["volumes"] == [{"name": "first-start", "configMap": {"name": "db-role-first-start"}}]
    assert json.loads((root / CHART / "values.schema.json").read_text())


@pytest.mark.parametrize(
    "scripts",
    [
        {"init__sh": "psql -c 'CREATE TABLE a (id int)'\n"},
        {"init__sql": "CREATE ROLE report LOGIN;\n"},
        {"init__sql": "CREATE DATABASE reports;\n"},
        {"init__sql": "\\connect reports\nCREATE TABLE a (id int);\n"},
        {"init__sql": "CREATE TABLE a (id int);\nGRANT SELECT ON a TO report;\n"},
        {"init__sql": "INSERT INTO made_by_migrations VALUES (1);\n"},
        {"init__sql": "CREATE TABLE a (id int REFERENCES made_by_migrations);\n"},
        {"init__sql": "CREATE EXTENSION timescaledb;\n"},
        {"init__sql": "CREATE EXTENSION vector SCHEMA extensions;\n"},
        {"init__sql": "CREATE TABLE users (id int);\nINSERT INTO users VALUES (1);\n"},
    ],
)
def test_what_needs_a_person_is_named_and_not_run(make_project: Callable[..., Path], scripts: dict[str, str]) -> None:
    root = generated(make_project, **scripts)
    role = yaml.safe_load((root / CHART / "values.yaml").read_text())["databaseRoles"]["db"]
    assert not {"extensions", "firstStart"} & set(role)
    page = (root / CHART / "README.md").read_text()
    assert "do by hand what it does, before the first release" in page
