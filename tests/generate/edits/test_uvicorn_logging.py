"""An application under a real uvicorn that is started in each of the usual ways: after the edit every line is one JSON object."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation
from tests.generate.edits.test_logging_edits import answers, edit, free_port, objects, running, wait_for

COMPOSE = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n"
IMAGE = "FROM python:3.13-slim\nCOPY . .\n"
APP = '''\
"""A shop."""

from logging import getLogger

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
def home() -> dict[str, str]:
    getLogger("shop").warning('said "hi"\\nand bye')
    return {}


@app.get("/fails")
def fails() -> None:
    raise ValueError("broken")
'''
OBJECT = '\n\nif __name__ == "__main__":\n    import uvicorn\n\n    uvicorn.run(app, host="127.0.0.1", port=8000)\n'
NAME = (
    '\n\nif __name__ == "__main__":\n    import uvicorn\n\n    uvicorn.run(\n        "shop:app",\n        port=8000,\n    )\n'
)
BESIDE = 'import uvicorn\n\nfrom shop import app\n\nuvicorn.run(app, port=8000, log_level="debug")\n'


def project(make_project: Callable[..., Path], command: str, files: dict[str, str]) -> Path:
    image = f"{IMAGE}CMD {json.dumps(command.split())}\n"
    return make_project({"compose.yaml": COMPOSE, "Dockerfile": image, "requirements.txt": "fastapi\nuvicorn\n", **files})


def asked(port: int) -> None:
    """Ask for a page whose code logs, and for one that fails."""
    with pytest.raises(urllib.error.HTTPError, match="500"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/fails?a=%22", timeout=5)


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("uvicorn shop:app --port 8000", {"shop.py": APP}),
        ("python shop.py", {"shop.py": APP + OBJECT}),
        ("python -m shop", {"shop.py": APP + NAME}),
        ("python serve.py", {"shop.py": APP, "serve.py": BESIDE}),
    ],
)
def test_every_line_is_json(make_project: Callable[..., Path], tmp_path: Path, command: str, files: dict[str, str]) -> None:
    root = project(make_project, command, files)
    edit(root, "LOG001")
    port = free_port()
    for name in files:
        (root / name).write_text((root / name).read_text().replace("8000", str(port)))
    words = command.replace("8000", str(port)).split()
    argv = [sys.executable, *(words[1:] if words[0] == "python" else ("-m", *words))]
    log = tmp_path / "log"
    with running(argv, root, log):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), log)
        asked(port)
    found = objects(log)
    requests = [item for item in found if item["logger"] == "uvicorn.access"]
    assert [(item["method"], item["path"], item["status"]) for item in requests] == [
        ("GET", "/", 200),
        ("GET", "/fails?a=%22", 500),
    ]
    assert all(item["remote_address"].startswith("127.0.0.1:") for item in requests)
    assert [item["message"] for item in found if item["logger"] == "shop"] == ['said "hi"\nand bye']
    assert any("ValueError: broken" in item.get("exception", "") for item in found)
    assert {"Application startup complete.", "Shutting down"} <= {item["message"] for item in found}
    again = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset({"LOG001"}))
    assert not again.edits
    assert all(item.gap.code != "LOG001" for item in again.before.gaps)


def test_the_output_of_several_processes_is_json(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = project(make_project, "uvicorn shop:app --workers 2", {"shop.py": APP})
    edit(root, "LOG001")
    port = free_port()
    log = tmp_path / "log"
    # What the parent process says of itself goes to the standard error: it never imports the application.
    start = f"exec {sys.executable} -m uvicorn shop:app --workers 2 --port {port} 2>/dev/null"
    with running(["sh", "-c", start], root, log):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), log)
    assert {"uvicorn.access", "shop"} <= {item["logger"] for item in objects(log)}


def test_the_edited_module_is_formatted_and_sorted(
    make_project: Callable[..., Path], require_tool: Callable[[str], str]
) -> None:
    root = project(make_project, "python shop.py", {"shop.py": APP + OBJECT})
    edit(root, "LOG001")
    assert "log_as_json()\n" in (root / "shop.py").read_text()
    ruff = require_tool("ruff")
    for arguments in (["format", "--diff"], ["check", "--select", "I"]):
        argv = [ruff, *arguments, "--isolated", "--line-length", "128", "shop.py"]
        done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("command", "text"),
    [
        ("uvicorn shop:app", APP.replace('"""A shop."""', '"""A shop."""\n\njson = 1')),
        # What the arguments are is not told.
        ("python shop.py", APP + OBJECT.replace("uvicorn.run(app,", "uvicorn.run(app, **{},")),
        # It gives uvicorn handlers of its own after the import.
        ("fastapi run shop.py", APP),
    ],
)
def test_what_is_not_certain_is_left_to_a_person(make_project: Callable[..., Path], command: str, text: str) -> None:
    root = project(make_project, command, {"shop.py": text})
    edit(root, "LOG001")
    assert (root / "shop.py").read_text() == text
