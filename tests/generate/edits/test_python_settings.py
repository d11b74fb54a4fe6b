"""Edited settings in Python, run: no key from git signs anything, and the origins come from the environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.generate.edits.test_logging_edits import edit

Make = Callable[..., Path]
COMPOSE = """\
services:
  api:
    build: .
    ports: ["8000:8000"]
    environment:
      SECRET_KEY: ${SECRET_KEY:?}
"""
FILES = {
    "compose.yaml": COMPOSE,
    "Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["uvicorn", "app:app"]\n',
    "requirements.txt": "fastapi\n",
}


def value(root: Path, expression: str, **environment: str) -> object:
    """Return what an expression gives in a new process that imports the settings."""
    code = f"import json\nfrom {'settings' if (root / 'settings.py').exists() else 'app.core.settings'} import *\nprint(json.dumps({expression}))"
    env = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "text",
    [
        'import os\n\nSECRET_KEY = os.getenv("SECRET_KEY", "your-secret-key")\n',
        'import os\n\nSECRET_KEY: str = os.environ.get("SECRET_KEY", default="your-secret-key")  # signs\n',
        'import os\n\n\nclass Settings:\n    SECRET_KEY = os.getenv(\n        "SECRET_KEY",\n        "your-secret-key",\n    )\n\n\nSECRET_KEY = Settings.SECRET_KEY\n',
    ],
)  # fmt: skip
def test_a_signing_key_is_never_the_one_in_git(make_project: Make, text: str) -> None:
    root = make_project({**FILES, "settings.py": text})
    edit(root, "SEC003")
    assert "your-secret-key" not in (root / "settings.py").read_text()
    assert value(root, "SECRET_KEY", SECRET_KEY="given") == "given"
    made = {value(root, "SECRET_KEY"), value(root, "SECRET_KEY", SECRET_KEY="")}
    assert len(made) == 2
    assert all(len(str(key)) == 43 for key in made)


def test_a_field_of_pydantic(make_project: Make) -> None:
    text = 'from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    SECRET_KEY: str = "your-secret-key"\n'
    root = make_project({**FILES, "settings.py": text})
    edit(root, "SEC003")
    after = (root / "settings.py").read_text()
    assert after.endswith("    SECRET_KEY: str = secrets.token_urlsafe(32)\n")
    assert after.startswith("import secrets\n")


@pytest.mark.parametrize(
    "changed",
    [
        # Compose does not pass the key on: every process of production would have another one.
        {"compose.yaml": "services:\n  api:\n    build: .\n    ports: ['8000:8000']\n"},
        {"settings.py": 'import os\n\nPASSWORD = os.getenv("SMTP_PASSWORD", "changeme")\n'},
        {"settings.py": 'import os\n\nSECRET_KEY = str(os.getenv("SECRET_KEY", "your-secret-key"))\n'},
        {"settings.py": 'import os\n\nsecrets = 1\nSECRET_KEY = os.getenv("SECRET_KEY", "your-secret-key")\n'},
    ],
)
def test_what_is_not_certain_is_left_to_a_person(make_project: Make, changed: dict[str, str]) -> None:
    files = {**FILES, "settings.py": 'import os\n\nSECRET_KEY = os.getenv("SECRET_KEY", "your-secret-key")\n', **changed}
    root = make_project(files)
    edit(root, "SEC003")
    assert (root / "settings.py").read_text() == files["settings.py"]


def test_the_origins_of_the_example(example: Callable[[str], Path], tmp_path: Path) -> None:
    root = example("propertypro")
    edit(root, "NET006")
    origins = "settings.ALLOWED_ORIGINS"
    given = {"ALLOWED_ORIGINS": "https://a.example.org,https://b.example.org", "LOG_FILE": str(tmp_path / "app.log")}
    for mode in ("production", "staging"):
        found = value(root / "backend", origins, ENVIRONMENT=mode, **given)
        assert found == ["https://a.example.org", "https://b.example.org"]
        assert value(root / "backend", origins, ENVIRONMENT=mode, LOG_FILE=given["LOG_FILE"]) == []
    development = value(root / "backend", origins, LOG_FILE=given["LOG_FILE"])
    assert development == ["http://localhost:3000", "http://127.0.0.1:3000"]
    for name in ("docker-compose.yml", "docker-compose.staging.yml", "docker-compose.secure.yml"):
        assert (root / name).read_text().count("ALLOWED_ORIGINS: ${ALLOWED_ORIGINS:-}\n") == 1


CORS = """\
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

from settings import CORS_ORIGINS

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=CORS_ORIGINS, allow_credentials=True)
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_list_of_environment_entries(make_project: Make, line_end: str) -> None:
    compose = COMPOSE.replace("      SECRET_KEY: ${SECRET_KEY:?}", "      - SECRET_KEY=${SECRET_KEY:?}").replace("\n", line_end)
    settings = '"""Settings."""\n\nfrom pathlib import Path\n\nCORS_ORIGINS = ["https://yourdomain.com"]\n'.replace(
        "\n", line_end
    )
    root = make_project({**FILES, "compose.yaml": compose, "app.py": CORS, "settings.py": settings})
    edit(root, "NET006")
    after = (root / "compose.yaml").read_bytes().decode()
    assert after == f"{compose.rstrip()}{line_end}      - CORS_ORIGINS=${{CORS_ORIGINS:-}}{line_end}"
    assert value(root, "CORS_ORIGINS", CORS_ORIGINS="https://a.example.org") == ["https://a.example.org"]


README = "# Shop\n\nStart it:\n\n```sh\n$ docker compose up -d\n```\n"


def test_the_start_page_names_the_template(make_project: Make) -> None:
    root = make_project({**FILES, "env.example": "SECRET_KEY=\n", "README.md": README})
    edit(root, "CFG003")
    assert (root / "README.md").read_text() == README.replace("$ docker", "$ cp env.example .env\n$ docker")
