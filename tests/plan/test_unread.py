"""Variables that only the template of an env file names: whoever fills it in is told, where it is certain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.plan.needs import needed_variables
from scaffold.plan.target import make_target
from scaffold.read.project import read_project

Make = Callable[..., Path]
COMPOSE = """\
services:
  api:
    build: .
    ports: ["8000:8000"]
    env_file: .env
"""
TEMPLATE = "PAYMENT_SECRET=\nTOR_HOST=\nSIGNING_KEY=\nSENTRY_DSN=\nMAIL__HOST=\n"
PYTHON = {
    "main.py": "import os\nKEY = os.environ['SIGNING_KEY']\n",
    "Dockerfile": 'FROM python:3.13\nCOPY . .\nCMD ["python", "main.py"]\n',
    "requirements.txt": "fastapi==0.116\n",
}


def unread(make_project: Make, files: dict[str, str]) -> set[str]:
    root = make_project({"compose.yaml": COMPOSE, ".env.example": TEMPLATE, ".gitignore": ".env\n", **PYTHON, **files})
    project = read_project(root)
    assert project.production_stack is not None
    return {need.name for need in needed_variables(project, project.production_stack) if need.unread}


def test_what_no_code_names_is_told_in_the_template_and_beside_the_chart(make_project: Make) -> None:
    assert unread(make_project, {}) == {"PAYMENT_SECRET", "TOR_HOST"}
    target = make_target(
        read_project(make_project({"compose.yaml": COMPOSE, ".env.example": TEMPLATE, **PYTHON}, name="b")), ()
    )
    assert target.environment.production is not None
    said = {item.name: item.why for item in target.environment.production.variables}
    assert said["PAYMENT_SECRET"] == ".env.example:1 sets it, and no code of this repository names it"
    assert said["SIGNING_KEY"] == "main.py:2 requires it"
    (note,) = (note for note in target.notes if "names them" in note.message)
    assert note.message.startswith("PAYMENT_SECRET: ")


@pytest.mark.parametrize(
    "files",
    [
        {"settings.py": "class Settings:\n    payment_secret: str\n    tor_host: str\n"},
        {"settings.js": "export const keys = { paymentSecret: 1, torHost: 2 }\n"},
        {"lib/a.dart": "final a = Platform.environment['PAYMENT_SECRET']; final b = env('TOR_HOST');\n"},
        {"schema.prisma": 'url = env("PAYMENT_SECRET")\nother = env("TOR_HOST")\n'},
        {"settings.py": "class Settings:\n    model_config = SettingsConfigDict(env_prefix='PAYMENT_')\n"},
        {"a.js": "for (const name of names) use(process.env[name])\n"},
        {"src/Main.java": "class Main {}\n"},
        {"src/Main.cs": "class Main {}\n"},
        {"Dockerfile": 'FROM acme/base:1\nCOPY . .\nCMD ["python", "main.py"]\n'},
        {"web/.env.expand": "VITE_SECRET=$PAYMENT_SECRET\nVITE_TOR=$TOR_HOST\n"},
        {"start.sh": 'exec python main.py --secret "$PAYMENT_SECRET" --tor "$TOR_HOST"\n'},
    ],
    ids=[
        "fields",
        "small letters",
        "Dart",
        "Prisma",
        "a prefix",
        "any name",
        "Java",
        "C#",
        "another program",
        "another file",
        "a script",
    ],
)
def test_what_may_be_read_is_not_told(files: dict[str, str], make_project: Make) -> None:
    assert unread(make_project, files) == set()
