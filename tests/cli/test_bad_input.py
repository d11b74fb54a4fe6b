"""Bad input ends with the right exit code and a message that says where and what to do, never with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

WORKFLOW = {".github/workflows/ci.yml": "name: ci\non: push\njobs: {a: {runs-on: ubuntu-24.04, steps: [{run: make}]}}\n"}


def scaffold(*arguments: str, cwd: Path | None = None, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONWARNINGS": "error", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "scaffold", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=env,
    )
    assert "Traceback" not in done.stderr
    assert "a bug in scaffold" not in done.stderr, done.stderr
    return done


@pytest.mark.parametrize("command", ["gaps", "generate", "validate", "inspect"])
def test_a_project_that_is_no_folder_is_a_usage_error(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "missing", tmp_path / "file"):
        done = scaffold(command, str(path))
        assert done.returncode == 2
        assert "not a folder" in done.stderr


@pytest.mark.parametrize("command", ["gaps", "generate", "inspect"])
def test_a_folder_without_compose_and_workflows_is_told_apart(tmp_path: Path, command: str) -> None:
    (tmp_path / "README.md").write_text("# nothing here\n")
    done = scaffold(command, str(tmp_path))
    assert done.returncode == 3
    assert "compose" in done.stderr


def test_an_application_without_compose_and_workflows_is_judged_and_nothing_is_planned_for_it(
    make_project: Callable[..., Path],
) -> None:
    root = make_project(
        {
            "requirements.txt": "fastapi==0.120.0\n",
            "README.md": "# Shop\n\n```sh\nuvicorn main:app --reload\n```\n",
            "main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        }
    )
    judged = scaffold("gaps", str(root), "--fail-on", "never")
    assert judged.returncode == 0
    assert "IMG000" in judged.stdout
    assert "CIQ000" in judged.stdout
    planned = scaffold("generate", str(root), "--yes", "--no-validate")
    assert planned.returncode == 3
    assert "compose.yaml" in planned.stderr
    assert not (root / "scaffold.lock").exists()


def test_broken_yaml_alone_is_told_with_its_line(make_project: Callable[..., Path]) -> None:
    done = scaffold("gaps", str(make_project({"compose.yaml": "services:\n  web:\n    image: [unclosed\n"})))
    assert done.returncode == 3
    assert "compose.yaml:" in done.stderr


BAD_FILES = {
    "broken YAML": "services:\n  web: [\n",
    "an alias bomb": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{name}: &{name} [{','.join(['*' + previous] * 9)}]\n" for previous, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + "services: {web: {image: x, labels: *i}}\n",
    "a cyclic extends": "services:\n  a: {image: x, extends: {service: b}}\n  b: {image: x, extends: {service: a}}\n",
    "a path that leaves the project": "include: [../../../etc/passwd]\nservices: {web: {image: x, env_file: ../../../etc/hostname}}\n",
    "a NUL byte": "services:\n  web:\n    image: \x00x\n",
    "deep nesting": "services: " + "{a: " * 3000 + "x" + "}" * 3000 + "\n",
    "no mapping": "- just\n- a list\n",
    "services as text": "services: hello\n",
}


@pytest.mark.parametrize("kind", BAD_FILES)
@pytest.mark.parametrize("command", [("gaps", "--fail-on", "never"), ("generate", "--yes", "--no-validate"), ("inspect",)])
def test_a_bad_file_beside_a_good_one_is_a_problem_and_the_rest_is_read(
    make_project: Callable[..., Path], kind: str, command: tuple[str, ...]
) -> None:
    root = make_project({**WORKFLOW, "compose.yaml": BAD_FILES[kind]})
    done = scaffold(command[0], str(root), *command[1:])
    assert done.returncode == 0, done.stderr
    if command[0] == "gaps":
        assert "compose.yaml" in done.stdout


def test_a_file_of_fifty_megabytes_is_named_with_the_limit(make_project: Callable[..., Path]) -> None:
    root = make_project(WORKFLOW)
    (root / "compose.yaml").write_text("services:\n" + "# padding\n" * 5_000_000)
    done = scaffold("gaps", str(root), "--fail-on", "never")
    assert done.returncode == 0
    assert "compose.yaml" in done.stdout
    assert "4 MiB" in done.stdout


def test_special_files_and_links_out_of_the_project_are_not_opened(make_project: Callable[..., Path], tmp_path: Path) -> None:
    root = make_project(WORKFLOW)
    os.mkfifo(root / "docker-compose.yml")
    (root / "compose.override.yaml").symlink_to("/dev/zero")
    outside = tmp_path / "outside.yaml"
    outside.write_text("services: {stolen: {image: x}}\n")
    (root / "compose.yaml").symlink_to(outside)
    (root / "loop").symlink_to(root)
    done = scaffold("inspect", str(root), "--format", "json")
    assert done.returncode == 0
    assert "stolen" not in done.stdout


def test_a_read_only_target_is_named_and_nothing_is_written(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": "services: {web: {image: 'nginx:1.30'}}\n"})
    done = scaffold("generate", str(root), "--yes", "--no-validate", "--out", "/proc/scaffold")
    assert done.returncode == 1
    assert "/proc" in done.stderr


def test_an_unknown_rule_room_and_option_are_usage_errors(make_project: Callable[..., Path]) -> None:
    root = str(make_project(WORKFLOW))
    for arguments in (
        ("gaps", root, "--rule", "XYZ999"),
        ("generate", root, "attic", "cellar"),
        ("gaps", root, "--frobnicate"),
        ("explain", "XYZ999"),
        ("gaps", root, "--format", "pdf"),
    ):
        assert scaffold(*arguments).returncode == 2, arguments
