"""Hostile projects are read within bounds of time and memory, and what is sound in them is still read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MEMORY = 500 * 2**20
"""Bytes of address space that a reading may take."""

READ = """
import gc, json, resource, sys, time
from pathlib import Path
gc.disable()  # as the command does
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
from scaffold.read.project import read_project
start = time.process_time()
project = read_project(Path(sys.argv[1]))
seconds = time.process_time() - start
services = sum(len(stack.services) for stack in project.stacks)
problems = [f"{item.location.path}:{item.location.line}: {item.message}" for item in project.problems]
print(json.dumps({"seconds": seconds, "services": services, "workflows": len(project.workflows), "problems": problems}))
"""
WORKFLOW = "name: ci\non: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: make}]}}\n"


def read(root: Path) -> Any:
    """Read a project in a process of its own whose memory is limited; the time is CPU seconds of the reading alone."""
    argv = [sys.executable, "-c", READ, str(root), str(MEMORY)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


RICH = """\
  s{number}:
    image: a/s{number}:1
    environment:
    - LOG_LEVEL=info
    - URL=postgresql://a:${{PW:?}}@db:5432/a{number}
    - W=4
    ports:
    - "{port}:8080"
    healthcheck:
      test: [CMD, curl, -f, l:8080/h]
      interval: 30s
      retries: 3
    depends_on:
      s{before}:
        condition: service_healthy
    volumes:
    - data:/data
    deploy:
      resources:
        limits:
          memory: 512M
"""


def rich(count: int) -> str:
    """Services as people write them, as many as fit below the limit of a file."""
    services = (RICH.format(number=number, port=8000 + number % 1000, before=number // 2) for number in range(count))
    return f"services:\n{''.join(services)}volumes: {{data: {{}}}}\n"


def many(count: int) -> str:
    """Services of a line each."""
    lines = ["services:"]
    for number in range(count):
        lines.append(f"  s{number}: {{image: 'postgres:16', environment: {{A: 'x{number}'}}, depends_on: [s{number // 2}]}}")
    return "\n".join(lines) + "\n"


LOAD = """
import gc, sys, time
import yaml
gc.disable()
text = open(sys.argv[1], encoding="utf-8").read()
start = time.process_time()
yaml.load(text, Loader=yaml.CSafeLoader)
print(time.process_time() - start)
"""
TIMES_A_BARE_LOAD = 15
"""What places in the file, interpolation, the schema and the roles may cost beside loading the YAML without any of them."""


def seconds_for(count: int, root: Path) -> float:
    """CPU seconds of the quicker of two readings: other work on the machine only ever adds to them."""
    found = [read(root) for _ in range(2)]
    assert {once["services"] for once in found} == {count}
    return float(min(once["seconds"] for once in found))


def seconds_of_a_bare_load(path: Path) -> float:
    """CPU seconds that PyYAML's own loader in C takes for the file, the slower of two: a measure that the machine's speed does not change."""
    argv = [sys.executable, "-c", LOAD, str(path)]
    return max(float(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=120).stdout) for _ in range(2))


@pytest.mark.parametrize("written", [many, rich])
def test_the_time_for_ten_thousand_services_is_a_few_times_that_of_a_bare_load_and_grows_with_their_number(
    written: Callable[[int], str], make_project: Callable[..., Path]
) -> None:
    quarter = seconds_for(2_500, make_project({"compose.yaml": written(2_500)}, name="quarter"))
    root = make_project({"compose.yaml": written(10_000)}, name="whole")
    whole = seconds_for(10_000, root)
    assert whole < TIMES_A_BARE_LOAD * seconds_of_a_bare_load(root / "compose.yaml")
    # Four times the services: four times the time when it grows with them, sixteen times when with their square.
    assert whole / quarter < 8


CYCLE = {
    "compose.yaml": "include: [a/compose.yaml]\nservices: {web: {image: web}}\n",
    "a/compose.yaml": "include: [../b/compose.yaml]\nservices: {a: {image: a}}\n",
    "b/compose.yaml": "include: [../compose.yaml]\nservices: {b: {image: b}}\n",
}
MULTIPLIED = "\n".join(["L0=" + "x" * 50, *(f"L{index}={f'${{L{index - 1}}}' * 60}" for index in range(1, 12))])
"""Sixty to the power of eleven times fifty characters, if all of it were written out."""
REPEATED = "\n".join(["L=" + "x" * 100_000, *(f"A{index}=x${{L}}" for index in range(50_000))])
STARTS_MAIN = {
    "Dockerfile": "FROM python:3.13\nRUN pip install x\nCOPY . .\nCMD uvicorn main:app\n",
    "compose.yml": "services: {m: {build: .}}\n",
}
OPENS = {"src/mail.ts": "readFileSync(join(__dirname, 'welcome.hbs'))\n", "src/welcome.hbs": "Hello\n"}
CALLING = {
    "build": f"run-s {'b0 ' * 100}b0",
    **{f"b{index}": f"run-s {f'b{index + 1} ' * 100}b0" for index in range(9)},
    "b9": "tsc",
}
"""A hundred to the power of nine commands, if each call were followed."""
HOSTILE: dict[str, dict[str, str]] = {
    "lines of an env file that multiply the ones before": {
        ".env": f"{MULTIPLIED}\n",
        "compose.yaml": "services: {web: {image: x, env_file: .env, environment: {A: '${L11}'}}}\n",
    },
    "lines of an env file that repeat a long one": {
        ".env": f"{REPEATED}\n",
        "compose.yaml": "services: {web: {image: x, env_file: .env}}\n",
    },
    "a scalar of a million characters": {"compose.yaml": f"services: {{web: {{image: x, command: {'a' * 1_000_000}}}}}\n"},
    "a million dollars": {"compose.yaml": f"services: {{web: {{image: x, command: '{'${A:-' * 200_000}'}}}}\n"},
    "a million braces": {"compose.yaml": f"services: {{web: {{image: x, command: '${{A:-{'{}' * 500_000}'}}}}\n"},
    "a cycle of includes": CYCLE,
    "a million lines of an env file": {".env.example": "A=1\n" * 250_000},
    "a Dockerfile of one endless line": {"Dockerfile": "FROM x\nRUN " + "a \\\n" * 250_000},
    "a deep workflow": {".github/workflows/deep.yml": "a: " * 100_000 + "\n"},
    "a deep Python file": {"settings.py": "x = " + "(" * 100_000 + "\n"},
    "a long chain in Python": {"settings.py": "x = " + "+".join(["1"] * 100_000) + "\n"},
    "a long type of a setting": {
        "settings.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    a: "
        + "|".join(["int"] * 1500)
        + " = 5\n"
    },
    "comments full of words of a proxy": {"server.js": "// trust proxy\n" * 20_000},
    "thousands of variables that hold an address": {
        "limits.py": "# rate limit\n" + "".join(f"ip{number} = request.client.host\n" for number in range(5_000))
    },
    "a deep JSON file": {"package.json": "[" * 400_000},
    "a deep JSON file above a module that opens a file": {"package.json": "[" * 400_000, **OPENS},
    "package scripts that call each other over and over": {"package.json": json.dumps({"scripts": CALLING}), **OPENS},
    "an import of dots alone": {"main.py": f"from {'.' * 100_000}\n", **STARTS_MAIN},
    "a type of a million blanks": {
        "store.py": f"import sqlite3\nsqlite3.connect(__file__)\n# create table\nx: {' ' * 1_000_000}\n"
    },
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_is_read_in_bounded_time_and_memory_and_so_is_the_rest(
    kind: str, make_project: Callable[..., Path]
) -> None:
    found = read(make_project({**HOSTILE[kind], ".github/workflows/ci.yml": WORKFLOW, "sound/compose.yaml": many(3)}))
    assert found["services"] >= 3
    assert found["workflows"] >= 1
    assert found["seconds"] < 20


def test_a_cycle_of_includes_is_named_where_it_closes(make_project: Callable[..., Path]) -> None:
    problems = read(make_project(CYCLE))["problems"]
    assert any("include cycle" in problem and problem.startswith("b/compose.yaml:1:") for problem in problems)


@pytest.mark.parametrize("git", [True, False])
def test_links_in_circles_pipes_and_devices_are_passed_over(make_project: Callable[..., Path], *, git: bool) -> None:
    root = make_project({"compose.yaml": many(3), ".github/workflows/ci.yml": WORKFLOW}, git=git)
    for name in ("Dockerfile", "settings.py", ".env.example", "docker-compose.yml"):
        os.mkfifo(root / name)
    (root / "Makefile").symlink_to("Makefile")
    (root / "first").symlink_to("second")
    (root / "second").symlink_to("first")
    (root / "up").symlink_to("..")
    (root / "package.json").symlink_to("/dev/zero")
    found = read(root)
    assert (found["services"], found["workflows"]) == (3, 1)
    # git lists no pipes, so only a walk meets them.
    assert git or any(problem.startswith("Dockerfile:1:") for problem in found["problems"])


def test_a_version_that_is_no_number(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("services: {web: {build: .}}\n")
    (tmp_path / "requirements.txt").write_text(f"django-axes=={'9' * 5000}\n")
    (tmp_path / "settings.py").write_text("AUTHENTICATION_BACKENDS = ['axes.backends.AxesStandaloneBackend']\n")
    assert read(tmp_path)["services"] == 1


def test_settings_of_one_long_line_and_many_migrations(tmp_path: Path) -> None:
    resources = tmp_path / "src/main/resources"
    (resources / "db/migration").mkdir(parents=True)
    (tmp_path / "compose.yaml").write_text("services: {web: {build: .}}\n")
    (resources / "application.yml").write_text(f"a: {'flyway ' * 60_000}\n")
    for number in range(1500):
        row = f"INSERT INTO users_{number} VALUES ('ADMIN', 'pbkdf2_sha256$600000$abc$def');\n"
        (resources / f"db/migration/V{number}__rows.sql").write_text(row * 20)
    assert read(tmp_path)["seconds"] < 15
