"""A start that migrates: a job does it before where the command shows which part, else the service stays one copy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.model.guides import Copies, GuideService
from scaffold.model.target import Target
from scaffold.model.workload import Workload, literal_text
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

COMPOSE = """\
services:
  db: {image: 'postgres:18', environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?}"}}
  web:
    build: .
    depends_on: [db]
    ports: ["8000:8000"]
    environment: {DATABASE_URL: "postgresql://postgres:${POSTGRES_PASSWORD:?}@db:5432/postgres"}
"""
DOCKERFILE = "FROM python:3.13-slim\nCOPY . .\n"


def _target(make_project: Callable[..., Path], files: dict[str, str]) -> Target:
    return make_target(
        read_project(make_project({"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE, **files}, name="shop")), ()
    )


def _workload(target: Target, name: str) -> Workload:
    return next(item for item in target.workloads if item.name == name)


def _guide(target: Target, name: str) -> GuideService:
    assert target.guides
    return next(item for item in target.guides.services if item.name == name)


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("alembic upgrade head && uvicorn app:app", "alembic upgrade head"),
        ("set -e; echo 'a && b'; python manage.py migrate --noinput; exec gunicorn app", None),
        ("cd /app && npx prisma migrate deploy && npm start", "cd /app && npx prisma migrate deploy"),
        (
            "./app --install --yes --config '' && ./app --upgrade --yes && ./app",
            "./app --install --yes --config '' && ./app --upgrade --yes",
        ),
    ],
)
def test_what_a_shell_migrates_before_the_server_is_a_job_that_the_copies_wait_for(
    make_project: Callable[..., Path], line: str, before: str | None
):
    before = before or "set -e; echo 'a && b'; python manage.py migrate --noinput"
    for files in (
        {"compose.yaml": COMPOSE + f"    command: {json.dumps(['sh', '-c', line])}\n"},
        {"Dockerfile": DOCKERFILE + f"CMD {line}\n"},
        {"Dockerfile": DOCKERFILE + f"CMD {json.dumps(['/bin/bash', '-c', line])}\n"},
    ):
        target = _target(make_project, files)
        job = _workload(target, "web-prepare")
        assert job.kind == "job"
        assert [literal_text(word) for word in job.args or ()][1:] == ["-c", before]
        web = _workload(target, "web")
        assert [wait.target for wait in web.waits if wait.kind == "job"] == ["web-prepare"]
        assert (web.scaling.singleton, web.scaling.maximum) == (False, 6)
        assert _guide(target, "web").copies is Copies.MANY
        assert "Its start migrates the database" in _guide(target, "web").why
        assert target.guides
        assert [service for service, _ in target.guides.preparations] == ["web"]


@pytest.mark.parametrize(
    "line",
    [
        "alembic upgrade head || true; uvicorn app:app",
        "if true; then alembic upgrade head; fi; uvicorn app:app",
        "(alembic upgrade head) & uvicorn app:app",
        "pytest && alembic upgrade head && uvicorn app:app",
        "uvicorn app:app --port ${PORT:-80} && alembic upgrade head",
    ],
)
def test_what_cannot_be_taken_apart_stays_one_copy(make_project: Callable[..., Path], line: str):
    target = _target(make_project, {"compose.yaml": COMPOSE + f"    command: {json.dumps(['sh', '-c', line])}\n"})
    assert [item.name for item in target.workloads if item.kind == "job"] == []
    web = _workload(target, "web")
    assert (web.scaling.singleton, web.scaling.replicas, web.scaling.maximum) == (True, 1, 1)
    assert _guide(target, "web").copies is Copies.ONE


def test_the_job_does_not_wait_for_a_service_that_waits_for_it(make_project: Callable[..., Path]):
    worker = "  worker: {build: ., command: celery -A app worker, expose: ['9000'], healthcheck: {test: [CMD, 'true']}}\n"
    healthy = "depends_on: {db: {condition: service_started}, worker: {condition: service_healthy}}"
    compose = COMPOSE.replace("depends_on: [db]", healthy) + "    command: sh -c 'alembic upgrade head && uvicorn app:app'\n"
    target = _target(make_project, {"compose.yaml": compose + worker})
    waits = {item.name: {wait.target for wait in item.waits} for item in target.workloads}
    assert waits["web-prepare"] == {"db"}
    assert "web-prepare" in waits["worker"]
    assert waits["web"] >= {"worker", "web-prepare"}


def test_an_entrypoint_that_migrates_is_named_with_its_line(make_project: Callable[..., Path]):
    script = '#!/bin/sh\nset -e\npython manage.py migrate\nexec "$@"\n'
    dockerfile = DOCKERFILE + 'ENTRYPOINT ["./entrypoint.sh"]\nCMD ["gunicorn", "app"]\n'
    compose = COMPOSE + "    deploy: {replicas: 3}\n"
    target = _target(make_project, {"compose.yaml": compose, "Dockerfile": dockerfile, "entrypoint.sh": script})
    assert _workload(target, "web").scaling.replicas == 1
    assert "entrypoint.sh:3" in _guide(target, "web").why


def test_a_volume_that_one_pod_alone_mounts_leaves_no_place_for_a_job(make_project: Callable[..., Path]):
    compose = COMPOSE + "    volumes: ['./uploads:/uploads']\n    command: sh -c './app --upgrade --yes && ./app'\n"
    target = _target(make_project, {"compose.yaml": compose})
    assert [item.name for item in target.workloads if item.kind == "job"] == []
    assert _workload(target, "web").scaling.singleton
    assert _guide(target, "web").copies is Copies.ONE


def test_a_job_that_has_migrated_leaves_the_copies_nothing_to_do(make_project: Callable[..., Path]):
    migrate = "  migrate: {build: ., command: alembic upgrade head, restart: 'no'}\n"
    awaited = (
        COMPOSE.replace("depends_on: [db]", "depends_on: {migrate: {condition: service_completed_successfully}}") + migrate
    )
    script = "#!/bin/sh\nalembic upgrade head\nexec uvicorn app:app\n"
    files = {"compose.yaml": awaited, "Dockerfile": DOCKERFILE + 'CMD ["./start.sh"]\n', "start.sh": script}
    target = _target(make_project, files)
    assert _workload(target, "web").scaling.maximum == 6
    assert _guide(target, "web").copies is Copies.MANY


def test_a_tool_that_takes_a_lock_lets_several_copies_start(make_project: Callable[..., Path]):
    pom = (
        "<project><dependencies>"
        + "".join(
            f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId></dependency>"
            for group, name in (("org.springframework.boot", "spring-boot-starter-web"), ("org.flywaydb", "flyway-core"))
        )
        + "</dependencies></project>"
    )
    dockerfile = 'FROM eclipse-temurin:21\nCOPY . .\nCMD ["java", "-jar", "app.jar"]\n'
    files = {"pom.xml": pom, "src/main/resources/db/migration/V1__a.sql": "select 1;\n", "Dockerfile": dockerfile}
    target = _target(make_project, files)
    assert _workload(target, "web").scaling.maximum == 6
    assert "takes a lock" in _guide(target, "web").why
