"""The edited examples really run: every line of the API and of the Celery worker is one JSON object."""

from __future__ import annotations

import ast
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

FIELDS = {"timestamp", "level", "logger", "message"}


def edit(root: Path, *codes: str) -> None:
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset(codes)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(argv: list[str], cwd: Path, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program with its output in a file; at the end ask it to stop as Docker does."""
    env = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", "HOME": str(cwd), **environment}
    with log.open("wb") as output, subprocess.Popen(argv, cwd=cwd, env=env, stdout=output, stderr=output) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(condition: Callable[[], bool], log: Path, seconds: float = 40) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, log.read_text()[-3000:]
        time.sleep(0.1)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return int(response.status) == 200
    except (OSError, urllib.error.URLError):
        return False


def objects(log: Path) -> list[dict[str, str]]:
    """Return every line as the JSON object that it is."""
    found = [json.loads(line) for line in log.read_text().splitlines()]
    assert found
    assert all(set(item) >= FIELDS for item in found)
    return found


def test_an_api_that_starts_its_server_itself(example: Callable[[str], Path], tmp_path: Path) -> None:
    root = example("friday")
    edit(root, "LOG001")
    port = free_port()
    main = root / "friday_ai/api/__main__.py"
    main.write_text(main.read_text().replace("port=8000", f"port={port}"))
    log = tmp_path / "log"
    with running([sys.executable, "-m", "friday_ai.api"], root, log, FRIDAY_DATA_DIR=str(tmp_path)):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/live"), log)
    found = objects(log)
    assert {"uvicorn.error", "uvicorn.access", "__main__"} <= {item["logger"] for item in found}
    assert any('"GET /live HTTP/1.1" 200' in item["message"] for item in found)
    assert all(item["level"] == item["level"].lower() for item in found)


def test_an_api_that_uvicorn_starts(example: Callable[[str], Path], tmp_path: Path) -> None:
    root = example("propertypro")
    edit(root, "LOG001")
    port = free_port()
    log = tmp_path / "log"
    argv = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(port)]
    with running(argv, root / "backend", log, LOG_FILE=str(tmp_path / "logs/app.log")):
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/health"), log)
    found = objects(log)
    assert {"app.main", "uvicorn.access", "uvicorn.error"} <= {item["logger"] for item in found}
    # The file goes on, with the same lines, and no line is on the output twice.
    assert [item["logger"] for item in objects(tmp_path / "logs/app.log")] == ["app.main"]
    assert len([item for item in found if item["logger"] == "app.main"]) == 1


STUBS = {
    "openai.py": "class OpenAI: ...\n",
    "chromadb.py": "",
    "app/workers/tasks.py": (
        "import logging\nfrom app.workers.celery_app import celery_app\n\nlogger = logging.getLogger(__name__)\n\n\n"
        "@celery_app.task\ndef hello(name: str) -> None:\n    logger.info('hello %s', name)\n    print('printed')\n"
        "    raise ValueError('broken\\nin two lines')\n"
    ),
}
"""The task of the example asks a paid service; this one logs, prints and fails."""


def test_a_celery_worker(example: Callable[[str], Path], tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    root = example("propertypro")
    edit(root, "LOG001")
    backend = root / "backend"
    for name, text in STUBS.items():
        (backend / name).write_text(text)
    port = free_port()
    url = f"redis://127.0.0.1:{port}/0"
    server = [require_tool("redis-server"), "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    worker = [
        sys.executable,
        "-m",
        "celery",
        "-q",
        "-A",
        "app.workers.celery_app",
        "worker",
        "--loglevel=info",
        "--concurrency=1",
    ]
    call = "from app.workers.tasks import hello; hello.delay('world')"
    # Celery warns that it runs as root, where the test does.
    environment = {"PYTHONWARNINGS": "ignore", "REDIS_URL": url, "LOG_FILE": str(tmp_path / "logs/app.log")}
    log = tmp_path / "log"
    with running(server, tmp_path, tmp_path / "redis"), running(worker, backend, log, **environment):
        wait_for(lambda: "ready" in log.read_text(), log)
        done = subprocess.run([sys.executable, "-c", call], cwd=backend, env={**os.environ, **environment}, check=False)
        assert done.returncode == 0
        wait_for(lambda: "raised unexpected" in log.read_text() and log.read_text().endswith("}\n"), log)
        # Celery's banner (which -q takes away) and its last words are no log lines.
        found = objects(log)
    messages = {item["message"]: item for item in found}
    assert messages["hello world"]["logger"] == "app.workers.tasks"
    assert messages["printed"]["logger"] == "celery.redirected"
    failed = next(item for item in found if "raised unexpected" in item["message"])
    assert (failed["level"], failed["logger"]) == ("error", "celery.app.trace")
    assert "ValueError: broken\nin two lines" in failed["exception"]


COMPOSE = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n"
BASE = {
    "compose.yaml": COMPOSE,
    "Dockerfile": 'FROM python:3.13-slim\nCOPY . .\nCMD ["python", "main.py"]\n',
    "requirements.txt": "fastapi\n",
}
SERVE = "from fastapi import FastAPI\n\napp = FastAPI()\n"


def main_after(make_project: Callable[..., Path], text: str) -> str:
    root = make_project({**BASE, "main.py": text})
    edit(root, "LOG001")
    return (root / "main.py").read_bytes().decode()


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("written", "left"),
    [
        ('logging.basicConfig(level="INFO", format="%(message)s")', 'logging.basicConfig(level="INFO")'),
        ('logging.basicConfig(format="%(message)s", level="INFO")', 'logging.basicConfig(level="INFO")'),
        ('logging.basicConfig(format="%(message)s")', "logging.basicConfig()"),
        ("logging.basicConfig(level=20)  # grüße", "logging.basicConfig(level=20)  # grüße"),
        (
            'logging.basicConfig(\n    level=20,\n    format="ü %(message)s",\n    datefmt="%H",\n)',
            "logging.basicConfig(\n    level=20,\n)",
        ),
    ],
)
def test_every_form_of_the_call(make_project: Callable[..., Path], written: str, left: str, line_end: str) -> None:
    before = f'"""App."""\n\nimport logging\n\n{SERVE}{written}\nprint("kept")\n'
    after = main_after(make_project, before.replace("\n", line_end))
    assert f'{left}\nlog_as_json()\nprint("kept")\n'.replace("\n", line_end) in after
    assert after.count("\r\n") in {0, after.count("\n")}
    ast.parse(after)
    done = subprocess.run(
        [sys.executable, "-c", after.replace("from fastapi import FastAPI", "FastAPI = object") + "\nlogging.warning('a %s', 'ü')\n"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert json.loads(done.stderr)["message"] == "a ü"


BLOCK = 'if __name__ == "__main__":\n    logging.basicConfig(format="%(message)s")\n    serve()\n'


def test_the_call_stands_before_what_blocks(make_project: Callable[..., Path]) -> None:
    after = main_after(make_project, f"import logging\n\n{SERVE}{BLOCK}")
    assert "    logging.basicConfig()\n    log_as_json()\n    serve()\n" in after


@pytest.mark.parametrize(
    "text",
    [
        # Somebody else wires the handler, later.
        'def handler():\n    made = logging.StreamHandler()\n    made.setFormatter(logging.Formatter("%(message)s"))\n    return made\n\n\nhandler()\n',
        'class JsonFormatter:\n    pass\n\n\nlogging.basicConfig(format="%(message)s")\n',
        'json = 1\nlogging.basicConfig(format="%(message)s")\n',
        'import logging.config\nlogging.config.dictConfig({"version": 1, "formatters": {"a": {"format": "%(message)s"}}})\n',
        'if True: logging.basicConfig(format="%(message)s"); print()\n',
    ],
)
def test_what_is_not_certain_is_left_to_a_person(make_project: Callable[..., Path], text: str) -> None:
    before = f"import logging\n\n{SERVE}{text}"
    assert main_after(make_project, before) == before


@pytest.mark.parametrize("blank", [0, 1, 2])
def test_the_edited_module_is_formatted(
    make_project: Callable[..., Path], blank: int, require_tool: Callable[[str], str]
) -> None:
    """A project whose pre-commit runs a formatter must not see it change what was edited."""
    compose = "services: {api: {build: ., ports: ['8000:8000']}}\n"
    text = (
        "import logging"
        + "\n" * (blank + 1)
        + "logging.basicConfig(level=logging.INFO)\nlogger = logging.getLogger(__name__)\n"
    )
    root = make_project({"compose.yaml": compose, "Dockerfile": 'FROM python:3.13\nCMD ["python", "app.py"]\n', "app.py": text})
    edit(root, "LOG001")
    written = (root / "app.py").read_text()
    assert "log_as_json()\n" in written
    done = subprocess.run(
        [require_tool("ruff"), "format", "--isolated", "--diff", "--line-length", "128", "app.py"],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
