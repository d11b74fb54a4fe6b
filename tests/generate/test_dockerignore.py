"""The .dockerignore keeps secrets and history out of the image, and never what the image takes from the context."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room

COMPOSE = "services:\n  web:\n    build: .\n    restart: always\n"


def written(root: Path, path: str = ".dockerignore") -> list[str]:
    write_generation(plan_generation(Place(root), rooms=frozenset({Room.ENV}), edit_codes=None))
    assert "IMG003" not in {item.gap.code for item in examine(Place(root)).judgement.gaps}
    lines = (root / path).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def project(make_project: Callable[..., Path], dockerfile: str, **files: str) -> Path:
    return make_project({"compose.yaml": COMPOSE, "Dockerfile": dockerfile, **files})


def test_history_secrets_and_what_is_installed_anew_stay_out(make_project: Callable[..., Path]) -> None:
    root = project(make_project, "FROM python:3.13-slim\nCOPY . /app\nRUN pip install /app\nUSER 1000\n")
    patterns = written(root)
    assert {".git", "**/.env", "**/.env.*", "**/.venv", "**/__pycache__"} <= set(patterns)
    assert "**/node_modules" not in patterns


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("COPY .env.defaults /app/", "**/.env.*"),
        ("COPY ./.git/HEAD /app/", ".git"),
        ("ADD docs/operations /srv/", "docs/operations"),
        ("RUN git describe > /version", ".git"),
        ("RUN --mount=type=bind,source=.git,target=/g cat /g/HEAD", ".git"),
    ],
)
def test_what_the_image_takes_is_not_left_out(make_project: Callable[..., Path], line: str, kept: str) -> None:
    root = project(make_project, f"FROM python:3.13-slim\nCOPY . /app\n{line}\nUSER 1000\n")
    assert kept not in written(root)


def test_packages_that_only_the_context_has_come_along(make_project: Callable[..., Path]) -> None:
    dockerfile = 'FROM node:22-slim\nCOPY . /app\nUSER node\nCMD ["node", "/app/server.js"]\n'
    assert "**/node_modules" not in written(project(make_project, dockerfile))


def test_env_files_that_a_build_tool_reads_come_along(make_project: Callable[..., Path]) -> None:
    package = '{"name": "web", "devDependencies": {"vite": "^7.0.0"}}\n'
    dockerfile = "FROM node:22-slim AS build\nCOPY . .\nRUN npm ci && npm run build\nUSER node\n"
    root = project(make_project, dockerfile, **{"package.json": package, ".env.production": "VITE_TITLE=Shop\n"})
    patterns = written(root)
    assert patterns.index("!.env.production") > patterns.index("**/.env.*")
    assert "**/node_modules" in patterns


def test_each_context_gets_its_own(make_project: Callable[..., Path]) -> None:
    compose = "services:\n  api: {build: ./api}\n  web: {build: ./web}\n"
    files = {"compose.yaml": compose, "web/Dockerfile": "FROM nginx:1.28\nCOPY page.html /usr/share/nginx/html/\n"}
    root = make_project({**files, "api/Dockerfile": "FROM python:3.13-slim\nCOPY . .\nRUN pip install .\n"})
    assert "infra/terraform" not in written(root, "api/.dockerignore")
    assert not (root / "web/.dockerignore").exists()
