"""Edits mend the line where it stands and leave every other byte alone."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.generate import edits
from tests.conftest import commit_all

STORES = """
  db:
    image: postgres:16
    healthcheck: {test: ["CMD-SHELL", "pg_isready -h 127.0.0.1"]}
    volumes: ["data:/var/lib/postgresql/data"]
  cache:
    image: redis:7.4
    healthcheck: {test: ["CMD", "redis-cli", "-e", "ping"]}
volumes: {data: {}}
"""

FORMS = {
    "block list": (
        "    depends_on:\n      - db  # the database\n      - cache\n",
        "    depends_on:\n      db:\n        condition: service_healthy  # the database\n      cache:\n        condition: service_healthy\n",
    ),
    "flow list": (
        "    depends_on: [db, cache]   # both\n",
        "    depends_on: {db: {condition: service_healthy}, cache: {condition: service_healthy}}   # both\n",
    ),
    "mapping with a condition": (
        "    depends_on:\n      db:\n        # keep me\n        condition: service_started\n      cache: {condition: service_started}\n",
        "    depends_on:\n      db:\n        # keep me\n        condition: service_healthy\n      cache: {condition: service_healthy}\n",
    ),
    "mapping without a condition": (
        "    depends_on:\n      db:\n        restart: true\n      cache: {restart: true}\n",
        "    depends_on:\n      db:\n        condition: service_healthy\n        restart: true\n      cache: {condition: service_healthy, restart: true}\n",
    ),
    "quoted condition": (
        "    depends_on:\n      db: {condition: 'service_started'}\n",
        "    depends_on:\n      db: {condition: service_healthy}\n",
    ),
    "list without indentation": (
        "    depends_on:\n    - db\n    - cache\n",
        "    depends_on:\n      db:\n        condition: service_healthy\n      cache:\n        condition: service_healthy\n",
    ),
}


def edited(root: Path, path: str, codes: frozenset[str] = frozenset()) -> str:
    write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=codes))
    return (root / path).read_bytes().decode()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_form_of_depends_on_waits_for_health(make_project: Callable[..., Path], form: str, line_end: str) -> None:
    before, after = FORMS[form]
    head = "# our app\nservices:\n  web:\n    image: ghcr.io/acme/web:1.0.0\n"
    root = make_project({"compose.yaml": (head + before + STORES).replace("\n", line_end)})
    assert edited(root, "compose.yaml") == (head + after + STORES).replace("\n", line_end)


def test_a_healthcheck_that_cannot_pass_changes_together_with_the_condition(make_project: Callable[..., Path]) -> None:
    compose = """\
services:
  web:
    image: ghcr.io/acme/web:1.0.0
    depends_on:
      chroma:
        condition: service_started
  chroma:
    image: chromadb/chroma:1.5.9
    healthcheck:
      test:
        - CMD
        - curl
        - http://localhost:8000/api/v1/heartbeat
      interval: 10s
"""
    root = make_project({"compose.yaml": compose})
    text = edited(root, "compose.yaml", frozenset({"CMP001"}))
    assert "condition: service_healthy" in text
    assert '      test:\n        ["CMD", "bash", "-c", ": </dev/tcp/127.0.0.1/8000"]\n      interval: 10s\n' in text


def test_a_condition_from_an_anchor_is_left_to_its_owner(make_project: Callable[..., Path]) -> None:
    compose = "x-deps: &deps [db]\nservices:\n  web:\n    image: ghcr.io/acme/web:1.0.0\n    depends_on: *deps\n" + STORES
    root = make_project({"compose.yaml": compose})
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset())
    assert not generation.texts_before
    assert [item.path for item in generation.skipped] == ["compose.yaml"]


@pytest.mark.parametrize("state", ["changed", "untracked"])
def test_a_file_that_git_cannot_give_back_is_not_edited(make_project: Callable[..., Path], state: str) -> None:
    compose = "services:\n  web:\n    image: ghcr.io/acme/web:1.0.0\n    depends_on: [db]\n" + STORES
    root = make_project({"compose.yaml" if state == "changed" else "other.txt": compose})
    if state == "changed":
        (root / "compose.yaml").write_text(compose + "# changed since\n")
    else:
        (root / "compose.yaml").write_text(compose)
    generation = plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset())
    assert not generation.texts_before
    assert "git" in generation.edits[0].reason


TRIGGERS = {
    "the filters stayed at the level of the event": (
        "on:\n  push:\n    branches: [main]\n    pull_request:\n    branches: [main]\n",
        "on:\n  push:\n    branches: [main]\n  pull_request:\n    branches: [main]\n",
    ),
    "the whole block is one level too deep": (
        "on:\n  push:\n    branches: [main]\n    pull_request:\n      # only these\n      branches:\n        - main\n",
        "on:\n  push:\n    branches: [main]\n  pull_request:\n    # only these\n    branches:\n      - main\n",
    ),
    "the event stands alone": (
        "on:\n  push:\n    branches: [main]\n    pull_request:\n",
        "on:\n  push:\n    branches: [main]\n  pull_request:\n",
    ),
}
JOBS = "\njobs:\n  test:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: make test\n"


@pytest.mark.parametrize("kind", TRIGGERS)
def test_a_nested_event_moves_out(make_project: Callable[..., Path], kind: str) -> None:
    before, after = TRIGGERS[kind]
    root = make_project({".github/workflows/test.yml": "name: test\n" + before + JOBS})
    assert edited(root, ".github/workflows/test.yml", frozenset({"CIQ001"})) == "name: test\n" + after + JOBS


def test_the_edit_of_an_example_leaves_every_other_line(example: Callable[[str], Path]) -> None:
    root = example("propertypro")
    before = (root / "docker-compose.yml").read_text().splitlines()
    codes = frozenset({"CMP001", "CMP003"})
    after = edited(root, "docker-compose.yml", codes).splitlines()
    changed = [line for line in before if line not in after]
    assert sorted(line.strip().split(":")[0] for line in changed) == [
        "- api",
        "- frontend",
        "condition",
        "condition",
        "test",
        "test",
    ]
    commit_all(root)
    assert not plan_generation(Place(root), rooms=frozenset(), edit_codes=codes).drifts


def test_every_kind_of_edit_is_found_in_the_module_that_makes_it() -> None:
    names = [info.name for info in pkgutil.iter_modules(edits.__path__)]
    made = {
        kind: edit for name in names for kind, edit in getattr(import_module(f"{edits.__name__}.{name}"), "EDITORS", {}).items()
    }
    assert len(made) > 20
    assert {kind: edits.editor(kind) for kind in made} == made
