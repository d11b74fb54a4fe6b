"""Whether code refuses a value: found wherever it stands in quotes, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.secrets.refused import is_refused, refused_by_length
from scaffold.read.project import read_project

READS = "import os\nkey = os.environ['APP_KEY']\n"


@pytest.mark.parametrize(
    ("value", "check", "refused"),
    [
        ("change-me-now", "if key == 'change-me-now':\n    raise SystemExit\n", True),
        ("change-me-now", 'if key == "change-me-now":\n    raise SystemExit\n', True),
        ("change-me-now", "say('it\\'s')\nif key == 'change-me-now':\n    raise SystemExit\n", True),
        ("don't-keep-me", 'if key == "don\'t-keep-me":\n    raise SystemExit\n', True),
        ("x" * 400, f"if key in ['{'x' * 400}', 'other-one']:\n    raise SystemExit\n", True),
        ("change-me-now", "if key == 'change-me-now-or-later':\n    raise SystemExit\n", False),
        ("change-me-now", "if key == 'change-me-now':\n    print('weak')\n", False),
        ("short", "if key == 'short':\n    raise SystemExit\n", False),
    ],
)
def test_a_value_in_quotes_before_an_end_is_refused(
    value: str, check: str, refused: bool, make_project: Callable[..., Path]
) -> None:
    files = {
        "compose.yaml": "services:\n  web: {build: .}\n",
        "Dockerfile": "FROM python:3.13\nCOPY . .\n",
        "app.py": READS + check,
    }
    assert is_refused(read_project(make_project(files)), value) is refused


@pytest.mark.parametrize(
    ("path", "check", "value", "known"),
    [
        ("app.py", "if len(settings.app_key) < 32:\n    raise ValueError\n", "change-me", True),
        ("app.py", "if len(settings.app_key) < 8:\n    raise ValueError\n", "change-me", None),
        ("app.py", "if len(settings.app_key) < 32:\n    print('weak')\n", "change-me", None),
        ("app.py", "if len(settings.other) < 32:\n    raise ValueError\n", "change-me", None),
        ("app.py", "LEAST = 16\nif len(settings.app_key) < LEAST:\n    raise ValueError\n", "change-me", True),
        ("app.py", "if len(settings.app_key) < limits.LEAST:\n    raise ValueError\n", "change-me", False),
        ("app.py", "class S(BaseSettings):\n    app_key: str = Field(min_length=32)\n", "change-me", True),
        (
            "main.go",
            'package main\nvar k = os.Getenv("APP_KEY")\nfunc f() { if len(k) < 32 { log.Fatal("short") } }\n',
            "change-me",
            True,
        ),
        (
            "boot.php",
            "<?php\n$appKey = getenv('APP_KEY');\nif (strlen($appKey) < 32) { throw new Exception(); }\n",
            "change-me",
            True,
        ),
        ("boot.rb", "abort 'short' if x\nkey = ENV['APP_KEY']\nraise 'short' if key.nil?\n", "change-me", None),
        ("boot.rb", "key = ENV['APP_KEY']\nif key.length < 30\n  raise 'short'\nend\n", "change-me", True),
    ],
)
def test_a_value_that_is_shorter_than_the_code_asks_for_is_refused(
    path: str, check: str, value: str, known: bool | None, make_project: Callable[..., Path]
) -> None:
    code = READS + check if path.endswith(".py") else check
    files = {"compose.yaml": "services:\n  web: {build: .}\n", "Dockerfile": "FROM debian:13\nCOPY . .\n", path: code}
    found = refused_by_length(read_project(make_project(files)), ("APP_KEY",), value)
    assert (found.known if found else None) is known
