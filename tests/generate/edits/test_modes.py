"""Debug, the name of an environment, dead keys and fixed names: single lines of files that people know by heart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generate.edits.test_logging_edits import edit

Make = Callable[..., Path]
CODE = 'import os\n\nDEBUG = os.environ["DEBUG"] == "true"\nif os.environ["ENVIRONMENT"] == "staging":\n    pass\n'
FILES = {
    "Dockerfile": 'FROM python:3.13\nCMD ["uvicorn", "app:app"]\n',
    "app.py": CODE,
    "requirements.txt": "fastapi\n",
}


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("DEBUG: 'true'  # on", "DEBUG: 'false'  # on"),
        ("DEBUG: True", "DEBUG: False"),
        ('DEBUG: "1"', 'DEBUG: "0"'),
        ("DEBUG: ${DEBUG:-true}", "DEBUG: ${DEBUG:-false}"),
        ("- DEBUG=true", "- DEBUG=false"),
    ],
)
def test_debug_is_off_in_the_stack(make_project: Make, written: str, left: str) -> None:
    compose = f"services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    environment:\n      {written}\n"
    root = make_project({**FILES, "compose.yaml": compose})
    edit(root, "CFG006")
    assert (root / "compose.yaml").read_text() == compose.replace(written, left)


def test_the_files_of_environments_say_what_they_are_for(make_project: Make) -> None:
    compose = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    env_file: [.env.production]\n"
    staging = "# staging\nexport ENVIRONMENT='development' # not yet\nDEBUG=true\n"
    production = "DEBUG=True\r\nLOG=info\r\n"
    root = make_project({**FILES, "compose.yaml": compose, ".env.staging": staging, ".env.production": production})
    edit(root, "CFG006")
    assert (root / ".env.staging").read_text() == staging.replace("development", "staging")
    assert (root / ".env.production").read_bytes() == b"DEBUG=False\r\nLOG=info\r\n"


def test_a_mode_that_the_code_does_not_know_is_left_to_a_person(make_project: Make) -> None:
    staging = "ENVIRONMENT=development\n"
    compose = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n"
    code = CODE.replace("staging", "production")
    root = make_project({**FILES, "app.py": code, "compose.yaml": compose, ".env.staging": staging})
    edit(root, "CFG006")
    assert (root / ".env.staging").read_text() == staging


NAMED = """\
services:
  api:
    build: .
    container_name: shop-api  # for docker exec
    ports: ["8000:8000"]
  db:
    image: postgres:16
    container_name: shop-db
"""


def test_names_of_containers_go(make_project: Make) -> None:
    root = make_project({**FILES, "compose.yaml": NAMED, "package.json": '{"name": "shop-api"}\n'})
    edit(root, "SCL001")
    assert (root / "compose.yaml").read_text() == NAMED.replace("    container_name: shop-api  # for docker exec\n", "")


@pytest.mark.parametrize(
    "changed",
    [
        {"Dockerfile": 'FROM python:3.14\nCOPY . .\nCMD ["shop-api"]\n'},
        {"pyproject.toml": '[project]\nname = "shop-api"\n[project.scripts]\nshop-api = "shop.main:run"\n'},
        {"deploy.yaml": "spec:\n  image: ghcr.io/shop/shop-api:1\n", "other.yaml": "image: shop-api:1\n"},
    ],
)
def test_a_program_or_an_image_of_the_name_is_no_container(make_project: Make, changed: dict[str, str]) -> None:
    root = make_project({**FILES, "compose.yaml": NAMED, **changed})
    edit(root, "SCL001")
    assert "shop-api" not in (root / "compose.yaml").read_text()


@pytest.mark.parametrize(
    "changed",
    [
        {"Makefile": "shell:\n\tdocker exec -it shop-api sh\n"},
        {"README.md": "# Shop\n\n    docker logs shop-api\n"},
        {"compose.yaml": NAMED + "  web:\n    image: nginx:1.28\n    environment:\n      API: http://shop-api:8000\n"},
    ],
)
def test_a_name_that_is_used_stays(make_project: Make, changed: dict[str, str]) -> None:
    files = {**FILES, "compose.yaml": NAMED, **changed}
    root = make_project(files)
    edit(root, "SCL001")
    assert (root / "compose.yaml").read_text() == files["compose.yaml"]


def test_dead_keys_are_commented_out(make_project: Make) -> None:
    compose = "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n    env_file: [.env]\n"
    template = "DEBUG=false\r\nENVIRONMENT=production\r\n\r\nBACKUP_ENABLED=true # nightly\r\n"
    root = make_project({**FILES, "compose.yaml": compose, ".env.example": template})
    edit(root, "CFG004")
    after = (root / ".env.example").read_bytes().decode()
    assert after == template.replace("BACKUP_ENABLED", "# BACKUP_ENABLED")
