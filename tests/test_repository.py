"""The repository holds to its own rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_the_import_contracts_name_every_package_of_the_pipeline() -> None:
    rooms = {path.name for path in (ROOT / "scaffold").iterdir() if (path / "__init__.py").exists()}
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    missing = {room for room in rooms if f"scaffold.{room}" not in contracts}
    assert missing == set()


def test_no_tracked_file_is_larger_than_a_megabyte() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)
    large = [
        name for name in tracked.stdout.split("\0") if name and (ROOT / name).is_file() and (ROOT / name).stat().st_size > 2**20
    ]
    assert large == []
