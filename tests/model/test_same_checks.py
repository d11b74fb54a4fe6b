"""A healthcheck whose program the image lacks asks the same by a program that it holds; python and node run what is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

COMPOSE = """\
services:
  web:
    build: .
    ports: ["80:{port}"]
    healthcheck:
      test: {test}
"""


def mended(make_project: Callable[..., Path], base: str, test: str, port: int = 8000) -> list[str] | None:
    """Return the test that the edit of CMP003 writes, None where it leaves the file alone."""
    dockerfile = f"FROM {base} AS base\nFROM base\nEXPOSE {port}\nCMD [serve]\n"
    root = make_project({"compose.yaml": COMPOSE.format(test=test, port=port), "Dockerfile": dockerfile})
    before = (root / "compose.yaml").read_text()
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"CMP003"})))
    after = (root / "compose.yaml").read_text()
    return None if after == before else yaml.safe_load(after)["services"]["web"]["healthcheck"]["test"]


@pytest.mark.parametrize(
    "test",
    [
        '["CMD", "curl", "-f", "http://localhost:8000/health"]',
        '["CMD-SHELL", "curl -fsS -o /dev/null --max-time 5 http://127.0.0.1:8000/health || exit 1"]',
        "curl --fail --silent 'http://localhost:8000/health' > /dev/null 2>&1 || exit 1",
        '["CMD", "wget", "-qO-", "http://localhost:8000/health"]',
    ],
)
def test_the_same_url_is_asked_by_the_language_of_the_image(make_project: Callable[..., Path], test: str) -> None:
    found = mended(make_project, "python:3.14-slim", test)
    assert found is not None
    assert found[:3] == ["CMD", "python", "-c"]
    assert ":8000/health'" in found[3]


@pytest.mark.parametrize(
    ("base", "test"),
    [
        ("python:3.14-slim", '["CMD-SHELL", "curl -f http://localhost:8000/health && curl -f http://localhost:8000/jobs"]'),
        ("python:3.14-slim", '["CMD", "curl", "-f", "http://cache:8000/health"]'),
        ("python:3.14-slim", '["CMD", "curl", "-fH", "X-Key: 1", "http://localhost:8000/health"]'),
        ("ghcr.io/acme/python:3.14-slim", '["CMD", "curl", "-f", "http://localhost:8000/health"]'),
        ("node:16-slim", '["CMD", "curl", "-f", "http://localhost:8000/health"]'),
        ("debian:13-slim", '["CMD", "curl", "-f", "http://localhost:8000/health"]'),
    ],
)
def test_what_asks_more_or_runs_where_nothing_can_stays(make_project: Callable[..., Path], base: str, test: str) -> None:
    assert mended(make_project, base, test) is None


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Answer by the path."""
        self.send_response(int(self.path.strip("/")))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.mark.parametrize("language", ["python:3.14-slim", "node:22-slim"])
def test_what_is_written_passes_and_fails_with_the_answer(make_project: Callable[..., Path], language: str) -> None:
    program = sys.executable if language.startswith("python") else shutil.which("node")
    if program is None:
        pytest.skip("node is not installed")
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for status, code in ((200, 0), (503, 1)):
            test = f'["CMD", "curl", "-f", "http://localhost:{server.server_port}/{status}"]'
            found = mended(make_project, language, test, server.server_port)
            assert found is not None
            done = subprocess.run([program, *found[2:]], capture_output=True, check=False, timeout=30)
            assert done.returncode == code
    finally:
        server.shutdown()
        server.server_close()
