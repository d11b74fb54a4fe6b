"""A real Prometheus with the generated configuration scrapes the running example app and a real Redis exporter."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scaffold.model.monitoring import ComponentKind
from tests.conftest import ROOT, commit_all
from tests.generate.monitoring.conftest import Monitored, load, monitor

_LIMIT = 45.0
"""Seconds after which the test gives up."""
_ROUTE = """
from prometheus_fastapi_instrumentator import Instrumentator

Instrumentator().instrument(app).expose(app)
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(argv: list[str], cwd: Path, env: dict[str, str] | None = None) -> Iterator[None]:
    """Run a program until the block ends."""
    with (cwd / f"{Path(argv[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(argv, cwd=cwd, env={**os.environ, **(env or {})}, stdout=log, stderr=log)
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _query(port: int, expression: str) -> list[tuple[dict[str, str], float]]:
    url = f"http://127.0.0.1:{port}/api/v1/query?query={urllib.parse.quote(expression)}"
    with urllib.request.urlopen(url, timeout=5) as answer:
        result = json.load(answer)["data"]["result"]
    return [(item["metric"], float(item["value"][1])) for item in result]


def _wait(port: int, expression: str, until: float) -> list[tuple[dict[str, str], float]]:
    while time.monotonic() < until:
        try:
            found = _query(port, expression)
        except OSError:
            found = []
        if found:
            return found
        time.sleep(0.3)
    return []


def _propertypro_with_metrics(tmp_path: Path) -> Monitored:
    """Copy the example with the route that MET004 asks for, and write its monitoring."""
    root = tmp_path / "propertypro"
    shutil.copytree(ROOT / "examples" / "propertypro", root)
    with (root / "backend/app/main.py").open("a") as main:
        main.write(_ROUTE)
    commit_all(root)
    made = monitor(root)
    assert made is not None
    return made


def _on_loopback(text: str, ports: dict[str, int]) -> str:
    """Map the names of the stack to ports of this machine, and scrape often enough for a test."""
    for address, port in ports.items():
        assert address in text
        text = text.replace(address, f"127.0.0.1:{port}")
    return re.sub(r"(scrape|evaluation)_interval: 15s", r"\1_interval: 1s", text)


def test_prometheus_scrapes_app_and_redis(tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    tools = {
        name: require_tool(name) for name in ("prometheus", "redis-server", "redis_exporter", "uvicorn", "compose-go-config")
    }
    made = _propertypro_with_metrics(tmp_path)
    project, error = load(tools["compose-go-config"], made.root, made.production_set)
    assert not error
    ports = {address: _free_port() for address in ("api:8000", "redis-exporter:9121", "localhost:9090")}
    redis = _free_port()
    prometheus = made.plan.component(ComponentKind.PROMETHEUS)
    assert prometheus is not None
    configuration = made.root / prometheus.mounts[0].source
    configuration.write_text(_on_loopback(configuration.read_text(), ports))

    exporter = dict(project["services"]["redis-exporter"]["environment"])
    exporter["REDIS_ADDR"] = exporter["REDIS_ADDR"].replace("redis:6379", f"127.0.0.1:{redis}")
    exporter["REDIS_EXPORTER_WEB_LISTEN_ADDRESS"] = f"127.0.0.1:{ports['redis-exporter:9121']}"
    password = project["services"]["redis"]["command"][-1]
    until = time.monotonic() + _LIMIT
    with ExitStack() as running:
        argv = [tools["redis-server"], "--port", str(redis), "--bind", "127.0.0.1", "--save", "", "--requirepass", password]
        running.enter_context(_started(argv, tmp_path))
        running.enter_context(_started([tools["redis_exporter"]], tmp_path, exporter))
        argv = [tools["uvicorn"], "app.main:app", "--host", "127.0.0.1", "--port", str(ports["api:8000"])]
        running.enter_context(_started(argv, made.root / "backend", {"ENVIRONMENT": "test"}))
        argv = [
            tools["prometheus"],
            f"--config.file={configuration}",
            f"--storage.tsdb.path={tmp_path / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{ports['localhost:9090']}",
        ]
        running.enter_context(_started(argv, tmp_path))
        here = ports["localhost:9090"]
        assert _wait(here, 'up{job="redis", service="redis"} == 1', until)
        assert _wait(here, "redis_up == 1", until), "the exporter logs in with the password of the base"
        assert _wait(here, 'up{job="app-api", service="api"} == 1', until)
        assert _wait(here, 'http_requests_total{service="api"} > 0', until)
        assert _wait(here, 'ALERTS{alertname="Watchdog", alertstate="firing"}', until)
        assert _wait(here, 'ALERTS{alertname="ExporterDown", service="db"}', until), (
            "the exporter of PostgreSQL does not run here"
        )
        assert not _query(here, 'ALERTS{alertname="TargetDown", service="db"}'), "nobody is sent to restart the store"
        assert not _query(here, 'ALERTS{service="redis"}')
