"""A program that ends without an `.env` in its image: the build goes on taking it, and the chart starts without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation

COMPOSE = """\
services:
  game:
    build: .
    ports: ["3000:3000"]
  mongo:
    image: mongo:4.4
    volumes: ["data:/data/db"]
    environment: {MONGO_INITDB_ROOT_USERNAME: "${MONGO_USERNAME}", MONGO_INITDB_ROOT_PASSWORD: "${MONGO_PASSWORD}"}
volumes: {data: }
"""
FATAL = """\
package main

func loadSettings() {
\terr := godotenv.Load()
\tif err != nil {
\t\tlog.Fatal("no .env")
\t}
}

var host, user, password = os.Getenv("MONGO_HOST"), os.Getenv("MONGO_USERNAME"), os.Getenv("MONGO_PASSWORD")
"""
FILES = {
    "docker-compose.prod.yml": COMPOSE,
    "Dockerfile": 'FROM golang:1.26\nWORKDIR /srv/game\nCOPY . .\nRUN go build -o game\nCMD ["./game"]\n',
    "go.mod": "module game\n\ngo 1.26\n",
    "main.go": FATAL,
    ".gitignore": ".env\n",
    ".env.example": "MONGO_HOST=mongo\nMONGO_USERNAME=\nMONGO_PASSWORD=\nFRONTEND_URL=http://localhost:5173\nROUNDS=10\n",
}
Make = Callable[..., Path]


def generated(make_project: Make, files: dict[str, str]) -> Path:
    root = make_project(files, name="game")
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    return root


def values(root: Path) -> Any:
    return yaml.safe_load((root / "deploy/helm/game/values.yaml").read_text())


def test_the_build_keeps_the_file_and_says_why(make_project: Make) -> None:
    root = generated(make_project, FILES)
    lines = (root / ".dockerignore").read_text().splitlines()
    assert lines.index("**/.env") < lines.index("!.env")
    assert "the program ends where .env is missing (main.go:4)" in "\n".join(lines)


def test_the_pod_gets_its_variables_and_an_empty_file(make_project: Make) -> None:
    root = generated(make_project, FILES)
    game = values(root)["workloads"]["game"]
    assert game["env"]["MONGO_HOST"] == "mongo"
    assert game["env"]["ROUNDS"] == {"setting": "ROUNDS"}
    assert game["env"]["MONGO_PASSWORD"] == values(root)["workloads"]["mongo"]["env"]["MONGO_INITDB_ROOT_PASSWORD"]
    # The store asks for it, so that the same setting, and no empty text, is what the program logs in with.
    assert game["env"]["MONGO_USERNAME"] == {"setting": "MONGO_USERNAME"}
    (mount,) = game["mounts"]
    assert (mount["path"], mount["subPath"]) == ("/srv/game/.env", ".env")
    assert values(root)["config"][mount["volume"]]["data"][".env"].startswith("#")


def test_the_page_says_who_takes_the_file_and_how_it_is_made(make_project: Make) -> None:
    page = " ".join((generated(make_project, FILES) / "docs/operations/deployment.md").read_text().split())
    assert (
        "The build takes `.env` into the image of `game`, whose program ends where that file is missing (`main.go:4`)" in page
    )
    assert "> .env)" in page
    assert "Compose hands `.env`" not in page


def test_the_session_on_the_rotation_page_takes_the_shell_that_the_image_has(make_project: Make) -> None:
    """mongo:4.4 has no mongosh."""
    page = (generated(make_project, FILES) / "docs/operations/rotation.md").read_text()
    assert "$(command -v mongosh || command -v mongo)" in page


def test_a_program_asks_for_the_file_whatever_compose_hands_over(make_project: Make) -> None:
    compose = COMPOSE.replace("build: .", "build: .\n    env_file: .env")
    root = generated(make_project, {**FILES, "docker-compose.prod.yml": compose})
    assert "!.env" in (root / ".dockerignore").read_text().splitlines()
    assert "/srv/game/.env" in {mount["path"] for mount in values(root)["workloads"]["game"]["mounts"]}


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        pytest.param("main.go", 'log.Fatal("no .env")', 'log.Println("no .env")', id="goes on without it"),
        pytest.param("main.go", "\terr := godotenv", "\t// err := godotenv", id="a comment"),
        pytest.param(
            "main.go", "\terr := godotenv", '\tif os.Getenv("ENV") == "" {\n\terr := godotenv', id="for developers alone"
        ),
        pytest.param("Dockerfile", "COPY . .", "COPY main.go go.mod .", id="not in the image"),
        pytest.param("docker-compose.prod.yml", "build: .", "build: .\n    volumes: ['./.env:/srv/game/.env']", id="mounted"),
    ],
)
def test_others_keep_it_out(make_project: Make, path: str, old: str, new: str) -> None:
    assert old in FILES[path]
    root = generated(make_project, {**FILES, path: FILES[path].replace(old, new)})
    ignored = root / ".dockerignore"
    assert not ignored.exists() or "!.env" not in ignored.read_text().splitlines()
