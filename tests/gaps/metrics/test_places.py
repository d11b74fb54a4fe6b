"""MET004 shows where to look, not every line of an exporter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from scaffold.gaps.metrics.met004_metrics_not_exposed import RULE
from scaffold.read.project import read_project

FILES = {
    "docker-compose.yml": "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n",
    "Dockerfile": "FROM python:3.13\nCOPY app.py .\nCMD ['uvicorn', 'app:app']\n",
    "app.py": "from fastapi import FastAPI\n\napp = FastAPI()\n\n\ndef export_metrics():\n"
    + "".join(f"    yield '# TYPE {name} counter\\n'\n" for name in "abcde"),
}


def test_an_exporter_of_many_lines_is_one_finding_with_three_places(make_project: Callable[..., Path]) -> None:
    (gap,) = RULE.detect(read_project(make_project(FILES)))
    assert [(item.location.path, item.location.line) for item in gap.evidence] == [("app.py", 7), ("app.py", 8), ("app.py", 9)]
