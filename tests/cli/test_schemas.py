"""Every JSON output holds to the schema that ships with the package."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from tests.cli.test_bad_input import scaffold
from tests.conftest import ROOT
from tests.projects import EXAMPLES


def schema(name: str) -> dict[str, object]:
    found = json.loads((ROOT / "scaffold" / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", EXAMPLES)
def test_outputs_of_every_command(example: Callable[[str], Path], name: str) -> None:
    root = str(example(name))
    for command, arguments in {
        "gaps": ("gaps", root, "--all", "--format", "json"),
        "inspect": ("inspect", root, "--format", "json"),
        "generate": ("generate", root, "--yes", "--no-validate", "--format", "json"),
        "validate": ("validate", root, "--format", "json"),
    }.items():
        done = scaffold(*arguments)
        jsonschema.validate(json.loads(done.stdout), schema(command))
    lock = json.loads((Path(root) / "scaffold.lock").read_text(encoding="utf-8"))
    jsonschema.validate(lock, schema("lock"))
    overlays = [path for path in lock["production_set"] if path.startswith("compose.")]
    assert overlays
    assert overlays == sorted(overlays, key=("compose.hardening.yaml", "compose.monitoring.yaml", "compose.backup.yaml").index)
    assert "compose.monitoring.yaml" in overlays
