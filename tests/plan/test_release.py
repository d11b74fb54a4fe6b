"""What a workflow runs once in an image before a release becomes a Job that the services wait for, and a line of the guide."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation
from scaffold.model.target import Target
from scaffold.model.workload import literal_text
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

COMPOSE = """\
services:
  db:
    image: postgres:18
    environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?}"}
    healthcheck: {test: [CMD, pg_isready]}
  web:
    build: .
    depends_on: {db: {condition: service_healthy}}
    environment: {DATABASE_URL: "postgresql://postgres:${POSTGRES_PASSWORD:?}@db:5432/postgres"}
    ports: ["8000:8000"]
    healthcheck: {test: [CMD, curl, -f, "http://localhost:8000/health"]}
    deploy: {replicas: 3}
  worker: {build: ., command: celery -A app worker}
"""


def _target(make_project: Callable[..., Path], run: str, name: str = "deploy", **files: str) -> Target:
    workflow = f"on: push\njobs:\n  go:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n          {run}\n"
    tree = {"compose.yaml": COMPOSE, "Dockerfile": "FROM python:3.13\n", f".github/workflows/{name}.yml": workflow}
    named = {path.replace("__", "/").replace("_sh", ".sh"): text for path, text in files.items()}
    return make_target(read_project(make_project({**tree, **named}, name="shop")), ())


@pytest.mark.parametrize(
    ("run", "service", "words"),
    [
        ("docker compose run --rm web alembic upgrade head", "web", ["alembic", "upgrade", "head"]),
        (
            "docker compose -f compose.yaml --env-file=x run -T --no-deps web python manage.py migrate --noinput",
            "web",
            ["python", "manage.py", "migrate", "--noinput"],
        ),
        ("docker-compose exec -T worker npx prisma migrate deploy", "worker", ["npx", "prisma", "migrate", "deploy"]),
        ("docker compose run --rm web bash scripts/prestart.sh", "web", ["bash", "scripts/prestart.sh"]),
    ],
)
def test_a_migration_of_a_workflow_is_a_job_for_which_every_service_of_the_image_waits(
    make_project: Callable[..., Path], run: str, service: str, words: list[str]
):
    target = _target(make_project, run, backend__scripts__prestart_sh="set -e\nalembic upgrade head\n")
    job = next(item for item in target.workloads if item.name == f"{service}-prepare")
    assert [literal_text(word) for word in job.args or ()] == words
    assert (job.kind, job.backoff_limit, job.scaling.replicas) == ("job", 3, 1)
    assert not job.ports
    assert job.probes.readiness is None
    same = next(item for item in target.workloads if item.name == service)
    assert (job.built, job.environment, job.stores) == (same.built, same.environment, same.stores)
    for name in ("web", "worker"):
        waits = next(item.waits for item in target.workloads if item.name == name)
        assert [wait.target for wait in waits if wait.kind == "job"] == [job.name]
    assert target.guides
    assert target.guides.preparations == ((service, tuple(words)),)


@pytest.mark.parametrize(
    "run",
    [
        "docker compose run --rm web pytest",
        "docker compose run --rm web sh -c 'alembic upgrade head && pytest'",
        "docker compose run --rm web python manage.py loaddata fixtures && python manage.py migrate",
        "docker compose run --rm web php artisan migrate --seed",
        "docker compose run --rm web alembic upgrade $REVISION",
        "docker compose run --entrypoint alembic web upgrade head",
        "docker compose run --rm db alembic upgrade head",
        "docker compose run --rm other alembic upgrade head",
        "docker compose run --rm web alembic 'upgrade",
        "docker compose up -d --wait web",
    ],
)
def test_tests_data_for_tests_and_what_cannot_be_read_are_no_release(make_project: Callable[..., Path], run: str):
    target = _target(make_project, run)
    assert [item.name for item in target.workloads if item.kind == "job"] == []
    assert target.guides
    assert target.guides.preparations == ()


def test_the_workflow_that_deploys_counts_before_the_one_that_tests(make_project: Callable[..., Path]):
    other = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: docker compose run web alembic upgrade +1\n"
    tree = {"compose.yaml": COMPOSE, "Dockerfile": "FROM python:3.13\n", ".github/workflows/a-test.yml": other}
    tree[".github/workflows/deploy.yml"] = other.replace("+1", "head")
    target = make_target(read_project(make_project(tree, name="shop")), ())
    assert target.guides
    assert target.guides.preparations == (("web", ("alembic", "upgrade", "head")),)


def test_a_service_that_migrates_is_enough(make_project: Callable[..., Path]):
    own = COMPOSE + "  migrate: {build: ., command: alembic upgrade head, restart: 'no'}\n"
    workflow = "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: docker compose run web alembic upgrade head\n"
    tree = {"compose.yaml": own, "Dockerfile": "FROM python:3.13\n", ".github/workflows/deploy.yml": workflow}
    target = make_target(read_project(make_project(tree, name="shop")), ())
    assert [item.name for item in target.workloads if item.kind == "job"] == ["migrate"]


def test_what_two_overlays_ask_for_stands_once(make_project: Callable[..., Path]):
    """Monitoring and backups both log in to a store whose password stands in the compose file."""
    compose = "services:\n  db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: postgres}, volumes: ['d:/data']}\n"
    compose += "  seed: {build: ., profiles: [seed], restart: 'no', command: generate-seed.sh, depends_on: [db]}\n"
    compose += "  web: {build: ., ports: ['80:80'], depends_on: [db]}\nvolumes: {d: {}}\n"
    root = make_project({"compose.yaml": compose, "Dockerfile": "FROM python:3.13\n"}, name="shop")
    changes = {item.path: item for item in plan_generation(Place(root), rooms=None, edit_codes=None).changes}
    template = changes[".env.production.example"].after or ""
    assert template.count("\nPOSTGRES_PASSWORD=") == 1
    page = changes["docs/operations/deployment.md"].after or ""
    assert "exit code 0" not in page, "seed starts only with its profile"
