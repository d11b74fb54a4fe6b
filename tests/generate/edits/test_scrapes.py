"""A Prometheus configuration asks what answers: the edited file passes promtool, and only the addresses in it change."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.generate.edits.test_logging_edits import edit

COMPOSE = """\
services:
  api:
    build: .
    expose: ["8000"]
  db:
    image: postgres:16-alpine
  redis:
    image: redis:7-alpine
  postgres-exporter:
    image: prometheuscommunity/postgres-exporter:v0.17.1
  redis-exporter:
    image: oliver006/redis_exporter:v1.74.0
  prometheus:
    image: prom/prometheus:v3.5.0
    volumes: ["./prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
"""
CONFIG = """\
# what is watched
scrape_configs:
  - job_name: app   # the shop
    static_configs:
      - targets: ["backend:8000"]
  - job_name: postgres
    static_configs:
      - targets:
          - 'db:5432'
"""
FILES = {"compose.yaml": COMPOSE, "Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "app:app"]\n', "app.py": "", "prometheus.yml": CONFIG}  # fmt: skip


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("last", ["\n", ""])
def test_what_answers_is_asked(
    make_project: Callable[..., Path], require_tool: Callable[[str], str], line_end: str, last: str
) -> None:
    before = (CONFIG.rstrip("\n") + last).replace("\n", line_end)
    root = make_project({**FILES, "prometheus.yml": before})
    edit(root, "MET003", "MET005")
    after = (root / "prometheus.yml").read_bytes().decode()
    done = subprocess.run(
        [require_tool("promtool"), "check", "config", "--syntax-only", root / "prometheus.yml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = {job["job_name"]: job["static_configs"][0]["targets"] for job in yaml.safe_load(after)["scrape_configs"]}
    assert jobs == {
        "app": ["api:8000"],
        "postgres": ["postgres-exporter:9187"],
        "redis-exporter": ["redis-exporter:9121"],
    }
    assert after.count("\r\n") in {0, after.count("\n")}
    kept = before.replace("backend:8000", "api:8000").replace("db:5432", "postgres-exporter:9187")
    assert after.startswith(kept)


@pytest.mark.parametrize(
    "changed",
    [
        # Two services of the team listen on the port.
        {"compose.yaml": COMPOSE.replace("  db:", "  admin:\n    build: .\n    expose: ['8000']\n  db:").replace("  postgres-exporter:\n    image: prometheuscommunity/postgres-exporter:v0.17.1\n", "").replace("  redis-exporter:\n    image: oliver006/redis_exporter:v1.74.0\n", "")},
        # The service that listens is on no network of Prometheus, and the exporters are not there.
        {"compose.yaml": COMPOSE.replace('    expose: ["8000"]\n', '    expose: ["8000"]\n    networks: [app]\n').replace("  postgres-exporter:\n    image: prometheuscommunity/postgres-exporter:v0.17.1\n", "").replace("  redis-exporter:\n    image: oliver006/redis_exporter:v1.74.0\n", "") + "networks: {app: {}}\n"},
    ],
)  # fmt: skip
def test_what_is_not_certain_is_left_to_a_person(make_project: Callable[..., Path], changed: dict[str, str]) -> None:
    root = make_project({**FILES, **changed})
    edit(root, "MET003", "MET005")
    assert (root / "prometheus.yml").read_text() == CONFIG
