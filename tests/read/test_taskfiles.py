"""Taskfiles: the commands of each task, the variables of its file put in, and calls with what they hand over."""

from __future__ import annotations

import tracemalloc

import pytest

from scaffold.read.commands import command_reader
from scaffold.read.taskfiles import is_taskfile, read_taskfile

TASKFILE = """version: "3"
vars:
  COMPOSE: docker compose -p {{ .NAME }}
  NAME: shop
includes:
  db: Taskfiles/db.yml
tasks:
  up:
    deps: [build]
    vars: {SERVICE: "web-{{ .TARGET }}"}
    cmds:
      - "{{ .COMPOSE }} --profile {{ .TARGET }} up -d {{ .SERVICE }} {{ if .NO }}--no{{ end }}"
      - |
        # a comment
        echo one \\
          two
        echo three
      - task: :db:wait
        vars: {TARGET: prod}
      - defer: rm -f lock
  build: docker build .
  both: [ruff check, pytest]
  one:
    cmd: go vet
"""


def test_commands_of_each_task() -> None:
    found = [(item.location.line, item.owner, item.text) for item in read_taskfile("Taskfile.yml", TASKFILE)]

    assert found == [
        (9, "up", "task build"),
        (12, "up", "docker compose -p shop --profile ${TARGET} up -d web-${TARGET} --no"),
        (15, "up", "echo one    two"),
        (17, "up", "echo three"),
        (18, "up", "task db:wait TARGET=prod"),
        (20, "up", "rm -f lock"),
        (21, "build", "docker build ."),
        (22, "both", "ruff check"),
        (22, "both", "pytest"),
        (24, "one", "go vet"),
    ]


@pytest.mark.parametrize(
    "path", ["Taskfile.yml", "taskfile.dist.yaml", "Taskfile.test.yml", "Taskfiles/db.yml", "ops/.taskfiles/db.yaml"]
)
def test_names_of_taskfiles(path: str) -> None:
    assert is_taskfile(path)
    assert command_reader(path) is read_taskfile


@pytest.mark.parametrize("path", ["tasks.yml", "my-taskfile.yml", "Taskfile.md", "docs/taskfile/page.md"])
def test_names_of_other_files(path: str) -> None:
    assert not is_taskfile(path)


@pytest.mark.parametrize(
    "text", ["", "tasks: [a]", "tasks:\n  a: {cmds: 3}\n", "a: b\n", "vars: {A: '{{.A}}{{.A}}'}\ntasks: {a: '{{.A}}'}\n"]
)
def test_files_of_another_shape(text: str) -> None:
    assert len(read_taskfile("Taskfile.yml", text)) <= 1


def test_variables_that_multiply_one_another_end_where_no_command_goes_on() -> None:
    long, often = "x" * 3_000, "{{.A}}" * 20_000
    text = f"version: '3'\nvars: {{A: '{long}'}}\ntasks: {{up: 'docker compose up {often}'}}\n"
    tracemalloc.start()
    (command,) = read_taskfile("Taskfile.yml", text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert command.text.startswith("docker compose up xxx")
    assert len(command.text) <= 4_000
    assert peak < 20 * 2**20
