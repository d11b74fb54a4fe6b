"""The layer cards: the state that the files show, and no praise for what a rule calls wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from scaffold.gaps.catalogue import layer_cards
from scaffold.model.gap import LayerCard
from scaffold.model.names import Layer
from scaffold.read.project import read_project

API = "services:\n  api:\n    image: example.org/team/api:1.0\n    command: uvicorn app:app\n"
PROXY = """
    services:
      proxy:
        image: nginx:1.28-alpine
        ports: ["80:80"]
        volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]
    """

DASHBOARD = """
    services:
      grafana:
        image: grafana/grafana:12.2.0
        volumes: ["./dashboards:/etc/grafana/provisioning/dashboards:ro"]
    """
PANELS = '{"title": "API", "schemaVersion": 41, "panels": []}'


CRON = """
    services:
      db: {image: "postgres:17", volumes: ["data:/var/lib/postgresql/data"]}
      backup:
        image: postgres:17
        entrypoint: ["/bin/bash", "-c"]
        command:
          - |
            echo "0 2 * * * pg_dump -h db app > /backups/app.sql" > /etc/cron.d/dump
            echo "0 4 * * 0 ls /backups" > /etc/cron.d/look
            crontab /etc/cron.d/dump
            OTHER
            exec cron -f
        volumes: ["./backups:/backups"]
    volumes: {data: }
    """


def card_of(make_project: Callable[..., Path], layer: Layer, files: Mapping[str, str]) -> LayerCard:
    project = read_project(make_project(files))
    return next(card for card in layer_cards(project) if card.layer is layer)


@pytest.mark.parametrize(
    ("layer", "files", "state"),
    [
        (Layer.IMAGE, {"docker-compose.yml": API}, "absent"),
        (Layer.IMAGE, {"docker-compose.yml": "services:\n  a:\n    build: .\n", "Dockerfile": "FROM alpine:3.22\n"}, "present"),
        (
            Layer.IMAGE,
            {"docker-compose.yml": "services:\n  a:\n    build: .\n", "docker/Dockerfile": "FROM alpine:3.22\n"},
            "inert",
        ),
        (Layer.COMPOSE, {"docker-compose.yml": API}, "present"),
        (Layer.CONFIG, {"docker-compose.yml": API}, "absent"),
        (Layer.CONFIG, {"docker-compose.yml": API + "    environment: {A: '${A}'}\n"}, "partial"),
        (Layer.CONFIG, {"docker-compose.yml": API, ".env.example": "A=\n"}, "present"),
        (Layer.SECRETS, {"docker-compose.yml": API}, "absent"),
        (Layer.SECRETS, {"docker-compose.yml": API + "    secrets: [k]\nsecrets:\n  k: {file: ./k}\n"}, "partial"),
        (Layer.SECRETS, {"docker-compose.yml": API, "main.tf": 'resource "aws_secretsmanager_secret" "a" {}\n'}, "present"),
        (Layer.NETWORK, {"docker-compose.yml": API}, "absent"),
        (Layer.NETWORK, {"docker-compose.yml": PROXY}, "inert"),
        (Layer.NETWORK, {"docker-compose.yml": PROXY, "nginx.conf": "events {}\n"}, "present"),
        (Layer.ALERTING, {"docker-compose.yml": API}, "absent"),
        (Layer.ALERTING, {"docker-compose.yml": API, "dashboards/api.json": PANELS}, "inert"),
        (Layer.ALERTING, {"docker-compose.yml": DASHBOARD, "dashboards/api.json": PANELS}, "partial"),
        (Layer.SCALING, {"docker-compose.yml": API}, "absent"),
        (Layer.SCALING, {"docker-compose.yml": API + "    deploy: {replicas: 2}\n"}, "present"),
        (
            Layer.SCALING,
            {"docker-compose.yml": API, "chart/Chart.yaml": "apiVersion: v2\nname: a\nversion: 0.1.0\n"},
            "partial",
        ),
    ],
)
def test_state(layer: Layer, files: Mapping[str, str], state: str, make_project: Callable[..., Path]) -> None:
    card = card_of(make_project, layer, files)
    assert card.state == state
    assert bool(card.evidence) == (state != "absent")


def test_a_guard_is_praised_unless_the_name_has_a_default_elsewhere(make_project: Callable[..., Path]) -> None:
    text = """
    services:
      db:
        image: postgres:16
        environment: {POSTGRES_PASSWORD: "${POSTGRES_PASSWORD:?}", API_KEY: "${API_KEY:?}"}
      api:
        image: example.org/team/api:1.0
        environment: {DATABASE_URL: "postgresql://app:${POSTGRES_PASSWORD:-weak}@db/app"}
    """
    card = card_of(make_project, Layer.SECRETS, {"docker-compose.yml": text})
    assert [praise.message for praise in card.good] == ["API_KEY stops the start when it is not set"]


def test_a_healthcheck_without_its_program_is_not_praised(make_project: Callable[..., Path]) -> None:
    text = "FROM python:3.13-slim\nUSER app\nHEALTHCHECK CMD curl -f http://localhost:8000/health\n"
    card = card_of(make_project, Layer.IMAGE, {"docker-compose.yml": API, "Dockerfile": text})
    assert [praise.message for praise in card.good] == ["Dockerfile runs as app, not as root"]


CHART = {
    "compose.yaml": API,
    "chart/Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
    "chart/values.yaml": "roles: {}\nworkloads:\n  web:\n    readinessProbe: {tcpSocket: {port: 80}}\n",
    "chart/templates/alone.yaml": "{{- range $name, $role := .Values.roles }}\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\n{{- end }}\n",
    "chart/templates/services.yaml": "apiVersion: v1\nkind: Service\n{{- if .w.readinessProbe }}\n{{- end }}\n",
    "chart/templates/stored.yaml": "apiVersion: external-secrets.io/v1\nkind: SecretStore\nmetadata: {name: shop}\n",
}


def test_what_shows_a_layer_is_rendered_and_says_it(make_project: Callable[..., Path]):
    card = card_of(make_project, Layer.KUBERNETES, CHART)
    assert "chart/templates/alone.yaml" not in {item.path for item in card.evidence}
    assert [(item.location.path, item.location.line) for item in card.good] == [("chart/values.yaml", 4)]
    shown = card_of(make_project, Layer.SECRETS, CHART)
    assert [item.path for item in shown.evidence] == ["chart/templates/stored.yaml"]


@pytest.mark.parametrize(
    ("command", "praised"),
    [
        ("python -m pytest -q", True),
        ("pip install -e . && pytest", True),
        ("python -m pytest --version || echo none", False),
        ("# pytest tests/", False),
        ("echo run pytest first", False),
        ("go test -list . ./...", False),
        ("npx jest --listTests", False),
    ],
)
def test_tests_are_praised_where_a_command_runs_them(make_project: Callable[..., Path], command: str, praised: bool) -> None:
    step = "\n".join(f"            {line}" for line in ("uv tool install ruff; ruff check .", command))
    workflow = f"on: [push]\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n{step}\n"
    card = card_of(make_project, Layer.CI, {"docker-compose.yml": API, ".github/workflows/ci.yml": workflow})
    assert ("The tests run on every push." in [item.message for item in card.good]) is praised


def test_a_worker_that_answers_is_not_praised_for_its_work(make_project: Callable[..., Path]) -> None:
    compose = """
        services:
          worker:
            image: example.org/shop/worker:1.0
            command: node worker.js
            healthcheck:
              test: ["CMD", "curl", "-f", "http://localhost:4001/health"]
        """
    card = card_of(make_project, Layer.COMPOSE, {"docker-compose.yml": compose})
    assert [praise.message for praise in card.good] == ["worker has a healthcheck that tells that it answers"]


@pytest.mark.parametrize(
    ("run", "is_praised"),
    [
        ("pytest -q", True),
        ("pytest --version && pytest", True),
        ("pip install -e . && \\\npytest", True),
        ("pytest --version", False),
        ("# pytest", False),
        ("echo pytest", False),
        ("pip install \\\n  pytest", False),
        ("pytest || true", False),
        ("pytest || echo failed", False),
        ("pytest || { echo failed; exit 1; }", True),
        ("jest --listTests", False),
        ("cargo test --no-run", False),
    ],
)
def test_tests_are_praised_that_run_and_may_fail(run: str, is_praised: bool, make_project: Callable[..., Path]) -> None:
    lines = "".join(f"          {line}\n" for line in run.split("\n"))
    workflow = f"on: [pull_request]\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: |\n{lines}"
    card = card_of(make_project, Layer.CI, {".github/workflows/ci.yml": workflow})

    assert any("tests run" in praise.message for praise in card.good) == is_praised


@pytest.mark.parametrize(("port", "is_praised"), [("8000", True), ("8000-8001:8000", True), ("8000:8000", False)])
def test_copies_are_praised_where_each_of_them_can_start(
    port: str, is_praised: bool, make_project: Callable[..., Path]
) -> None:
    stack = API + f"    ports: ['{port}']\n    deploy: {{replicas: 2}}\n"

    assert bool(card_of(make_project, Layer.SCALING, {"docker-compose.yml": stack}).good) == is_praised


def test_a_backup_whose_crontab_is_replaced_is_not_praised(make_project: Callable[..., Path]) -> None:
    replaced = card_of(make_project, Layer.BACKUP, {"docker-compose.yml": CRON.replace("OTHER", "crontab /etc/cron.d/look")})
    kept = card_of(make_project, Layer.BACKUP, {"docker-compose.yml": CRON.replace("OTHER", "sleep 1")})
    assert (replaced.state, replaced.good) == ("inert", ())
    assert [praise.message for praise in kept.good] == ["A backup runs by itself."]
