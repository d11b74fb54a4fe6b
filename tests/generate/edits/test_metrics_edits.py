"""The edited examples serve metrics that a Prometheus can read, and the monitoring that is written then scrapes them."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room
from tests.conftest import commit_all
from tests.generate.edits.test_logging_edits import answers, edit, free_port, running, wait_for

Example = Callable[[str], Path]


def served(argv: list[str], cwd: Path, port: int, log: Path, **environment: str) -> set[str]:
    """Start an application, ask it something, and return the names of its metrics."""
    with running(argv, cwd, log, **environment):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), log)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            return {family.name for family in text_string_to_metric_families(response.read().decode())}


def scraped(root: Path) -> list[str]:
    """Write the monitoring and return what its Prometheus scrapes of the application."""
    commit_all(root)
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.MONITORING}), edit_codes=None))
    (path,) = [
        path for path in root.rglob("prometheus.yml") if "scrape_configs" in path.read_text() and "app-api" in path.read_text()
    ]
    jobs = {job["job_name"]: job for job in yaml.safe_load(path.read_text())["scrape_configs"]}
    assert jobs["app-api"].get("metrics_path", "/metrics") == "/metrics"
    return [target for config in jobs["app-api"]["static_configs"] for target in config["targets"]]


def test_an_exporter_of_the_projects_own(example: Example, tmp_path: Path) -> None:
    root = example("friday")
    edit(root, "MET004")
    port = free_port()
    main = root / "friday_ai/api/__main__.py"
    main.write_text(main.read_text().replace("port=8000", f"port={port}"))
    argv = [sys.executable, "-m", "friday_ai.api"]
    # Nothing has been counted yet: the page is there and empty.
    assert served(argv, root, port, tmp_path / "log", FRIDAY_DATA_DIR=str(tmp_path)) == set()


def test_a_library_that_the_manifest_names(example: Example, tmp_path: Path) -> None:
    root = example("propertypro")
    edit(root, "MET004")
    port = free_port()
    argv = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(port)]
    environment = {"LOG_FILE": str(tmp_path / "logs/app.log"), "ENVIRONMENT": "production"}
    assert {"http_requests", "http_request_duration_seconds"} <= served(
        argv, root / "backend", port, tmp_path / "log", **environment
    )
    assert scraped(root) == ["api:8000"]
    dashboards = [path.name for path in (root / "monitoring").rglob("*.json")]
    assert "http-api.json" in dashboards or any("http" in name for name in dashboards)


CLIENT = """\
from fastapi import FastAPI
from prometheus_client import Counter

app = FastAPI()
ORDERS = Counter("orders", "Orders that were placed.")


@app.get("/health")
def health() -> dict[str, str]:
    ORDERS.inc()
    return {}
"""
FILES = {
    "compose.yaml": "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n",
    "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["uvicorn", "main:app"]\n',
    "requirements.txt": "fastapi\nuvicorn\nprometheus-client\n",
    "main.py": CLIENT,
}


def test_the_client_library(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = make_project(FILES)
    edit(root, "MET004")
    port = free_port()
    names = served([sys.executable, "-m", "uvicorn", "main:app", "--port", str(port)], root, port, tmp_path / "log")
    assert "orders" in names


@pytest.mark.parametrize(
    "changed",
    [
        {"Dockerfile": FILES["Dockerfile"].replace('"main:app"', '"main:app", "--workers", "4"')},
        {"Dockerfile": FILES["Dockerfile"].replace("uvicorn", "gunicorn").replace("main:app", "main:app -c g.py")},
        {"main.py": CLIENT.replace("app = FastAPI()", "app = FastAPI()\nother = FastAPI()")},
        {"main.py": CLIENT.replace("def health", "def generate_latest")},
    ],
)
def test_what_is_not_certain_is_left_to_a_person(make_project: Callable[..., Path], changed: dict[str, str]) -> None:
    files = {**FILES, **changed}
    root = make_project(files)
    edit(root, "MET004")
    assert (root / "main.py").read_text() == files["main.py"]
    assert subprocess.run(["git", "diff", "--quiet"], cwd=root, check=False).returncode == 0
