"""Whether code refuses a value: found wherever it stands in quotes, whatever it is made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.gaps.secrets.refused import is_refused
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
