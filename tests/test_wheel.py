"""The built wheel, installed in an empty environment outside the checkout, runs every command."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "uv", "build", "--wheel", "--out-dir", str(folder), str(ROOT)],
        check=True,
        capture_output=True,
        text=True,
    )
    return next(folder.glob("*.whl"))


def tracked(*folders: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *folders], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).is_file()}


def test_the_wheel_holds_exactly_the_package_and_its_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    data = {f"scaffold/_data/{name}" for name in tracked("terraform", "blueprints", "helm-templates")}
    assert names == tracked("scaffold") | data


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", "--python", sys.executable, str(folder / "venv")], check=True)
    python = folder / "venv/bin/python"
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", str(python), f"{wheel}[generate]"], check=True
    )
    return folder / "venv/bin/scaffold"


def test_every_command_runs_from_the_wheel(installed: Path, example: Callable[[str], Path], tmp_path: Path) -> None:
    root = example("propertypro")
    runs = {
        ("gaps", str(root)): 1,
        ("gaps", str(root), "--format", "sarif"): 1,
        ("explain", "CMP001"): 0,
        ("inspect", str(root)): 0,
        ("doctor",): 0,
        ("generate", str(root), "--yes", "--no-validate"): 0,
        ("generate", str(root), "--edit", "--no-validate"): 0,
        ("validate", str(root)): 0,
        ("--version",): 0,
    }
    for arguments, code in runs.items():
        done = subprocess.run(
            [str(installed), *arguments], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == code, (arguments, done.stderr, done.stdout[-2000:])
    assert (root / "infra/terraform/rds.tf").is_file()


def test_without_the_extra_generate_says_what_to_install(wheel: Path, example: Callable[[str], Path], tmp_path: Path) -> None:
    venv = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", "--python", sys.executable, str(venv)], check=True)
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", str(venv / "bin/python"), str(wheel)], check=True
    )
    root = example("friday")
    done = subprocess.run(
        [str(venv / "bin/scaffold"), "gaps", str(root)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    done = subprocess.run(
        [str(venv / "bin/scaffold"), "generate", str(root), "--yes"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 4
    assert "pip install 'scaffold-iac[generate]'" in done.stderr
    assert not (root / "scaffold.lock").exists()
