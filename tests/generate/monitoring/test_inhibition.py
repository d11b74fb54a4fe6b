"""A real Alertmanager with the generated configuration: a critical alert silences the warning about the same thing alone."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.generate.monitoring.conftest import Monitored

_LIMIT = 30.0
"""Seconds after which the test gives up."""


def labels_of(made: Monitored, name: str, **series: str) -> dict[str, str]:
    """Return the labels of an alert: those of its rule, and those of the series that fires it."""
    files = [yaml.safe_load(item.text) for item in made.ending(".rules.yml")]
    rule = next(rule for file in files for rule in file["groups"][0]["rules"] if rule["alert"] == name)
    return {"alertname": name, **series, **rule["labels"]}


def request(url: str, body: object = None) -> list[dict[str, dict[str, object]]]:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=5) as answer:
        found: list[dict[str, dict[str, object]]] = json.loads(answer.read() or b"[]")
        return found


def test_only_the_warning_about_the_same_thing_is_silenced(
    monitored: Callable[[str], Monitored], require_tool: Callable[[str], str], tmp_path: Path
) -> None:
    made = monitored("propertypro")
    host = {"service": "host", "instance": "node-exporter:9100"}
    alerts = [
        labels_of(made, "HostDiskFullSoon", **host, mountpoint="/", device="/dev/sda1"),
        labels_of(made, "HostDiskLow", **host, mountpoint="/", device="/dev/sda1"),
        labels_of(made, "HostDiskLow", **host, mountpoint="/data", device="/dev/sdb1"),
        labels_of(made, "HostMemoryLow", **host),
        labels_of(made, "PostgresConnectionsExhausted", service="db"),
        labels_of(made, "PostgresConnectionsHigh", service="db"),
        labels_of(made, "PostgresDeadlocks", service="db", datname="app"),
        labels_of(made, "ExporterDown", service="db", instance="postgres-exporter:9187", job="postgres"),
    ]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [
        require_tool("alertmanager"),
        f"--config.file={made.root / 'monitoring/alertmanager/alertmanager.yml'}",
        f"--storage.path={tmp_path}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    silenced: set[tuple[object, object]] = set()
    try:
        until = time.monotonic() + _LIMIT
        # The inhibitor takes the alerts in their order, a moment after they are posted: wait for what the last source does.
        while ("PostgresConnectionsHigh", None) not in silenced and time.monotonic() < until:
            time.sleep(0.2)
            try:
                request(f"http://127.0.0.1:{port}/api/v2/alerts", [{"labels": labels} for labels in alerts])
                found = request(f"http://127.0.0.1:{port}/api/v2/alerts?active=false")
            except OSError:
                continue
            silenced = {(item["labels"]["alertname"], item["labels"].get("mountpoint")) for item in found}
    finally:
        process.terminate()
        process.wait(10)
    assert silenced == {("HostDiskLow", "/"), ("PostgresConnectionsHigh", None)}
