"""The commands as a user meets them: what goes to stdout, what to stderr, and the exit codes of docs/exit-codes.md."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.test_bad_input import scaffold

QUIET = {
    "compose.yaml": "services:\n  web:\n    image: ghcr.io/acme/web:1.4.2\n    restart: unless-stopped\n",
    "README.md": "# App\n",
}


def test_payload_on_stdout_and_one_next_step_on_stderr(example: Callable[[str], Path]) -> None:
    root = str(example("friday"))
    done = scaffold("gaps", root, "--format", "json")
    assert json.loads(done.stdout)["version"] == 1
    assert done.stderr.startswith("next: scaffold ")
    assert done.stderr.count("\n") == 1
    assert scaffold("gaps", root, "--format", "json", "-q").stderr == ""


@pytest.mark.parametrize(("fail_on", "code"), [("critical", 0), ("high", 1), ("low", 1), ("never", 0)])
def test_fail_on_sets_the_exit_code(example: Callable[[str], Path], fail_on: str, code: int) -> None:
    assert scaffold("gaps", str(example("friday")), "--fail-on", fail_on).returncode == code


def test_rules_and_layers_limit_what_is_judged(example: Callable[[str], Path]) -> None:
    root = str(example("propertypro"))
    by_rule = json.loads(scaffold("gaps", root, "--format", "json", "--rule", "cmp001").stdout)
    assert {gap["code"] for gap in by_rule["gaps"]} == {"CMP001"}
    by_layer = json.loads(scaffold("gaps", root, "--format", "json", "--layer", "iac", "--layer", "network").stdout)
    assert {gap["layer"] for gap in by_layer["gaps"]} == {"iac", "network"}


def test_what_is_ignored_in_scaffold_yaml_does_not_count(example: Callable[[str], Path]) -> None:
    root = example("friday")
    before = {gap["code"]: gap for gap in json.loads(scaffold("gaps", str(root), "--format", "json").stdout)["gaps"]}
    (root / "scaffold.yaml").write_text(
        "external: [iac]\nignore:\n  - {rule: NET001, reason: behind the office's firewall}\nseverity: {IMG001: info}\n"
    )
    after = {gap["code"]: gap for gap in json.loads(scaffold("gaps", str(root), "--format", "json").stdout)["gaps"]}
    assert {"NET001", "IMG001", "IAC000"} <= before.keys()
    assert after["NET001"]["status"] == "suppressed"
    assert after["NET001"]["suppression"]["reason"] == "behind the office's firewall"
    assert after["IMG001"]["severity"] == "info"
    assert "IAC000" not in after


def test_check_tells_drift(make_project: Callable[..., Path]) -> None:
    root = str(make_project(QUIET))
    assert scaffold("generate", root, "--check").returncode == 1
    assert scaffold("generate", root, "--yes", "--no-validate").returncode == 0
    assert scaffold("generate", root, "--check").returncode == 0


@pytest.mark.parametrize("option", ["--dry-run", "--diff"])
def test_previews_write_nothing(make_project: Callable[..., Path], option: str) -> None:
    root = make_project(QUIET)
    done = scaffold("generate", str(root), option)
    assert done.returncode == 0
    assert "infra/terraform" in done.stdout
    assert not (root / "infra").exists()


def test_without_a_terminal_nothing_is_written_unasked(make_project: Callable[..., Path]) -> None:
    root = make_project(QUIET)
    done = scaffold("generate", str(root))
    assert done.returncode == 0
    assert not (root / "scaffold.lock").exists()
    assert "--yes" in done.stderr


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("n\n", False), ("\n", False)])
def test_on_a_terminal_the_plan_is_shown_and_asked_about(make_project: Callable[..., Path], answer: str, written: bool) -> None:
    root = make_project(QUIET)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "scaffold", "generate", str(root), "--no-validate"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
        env={**os.environ, "NO_COLOR": "1", "TERM": "dumb"},
    )
    os.close(theirs)
    shown = _read_until(ours, b"Write these files?")
    os.write(ours, answer.encode())
    _read_until(ours, b"\x00never")
    process.wait(timeout=60)
    assert b"infra/terraform/versions.tf" in shown
    assert (root / "scaffold.lock").exists() is written


def _read_until(descriptor: int, wanted: bytes, seconds: float = 90.0) -> bytes:
    found = b""
    end = time.monotonic() + seconds
    while wanted not in found and time.monotonic() < end:
        if not select.select([descriptor], [], [], 1.0)[0]:
            continue
        try:
            part = os.read(descriptor, 65536)
        except OSError:
            break
        if not part:
            break
        found += part
    return found


def test_explain_and_doctor(make_project: Callable[..., Path]) -> None:
    by_code, by_name = scaffold("explain", "CMP001"), scaffold("explain", "depends-on-ignores-healthcheck")
    assert by_code.stdout == by_name.stdout
    assert "service_healthy" in by_code.stdout
    assert "checkov" in scaffold("doctor").stdout


def test_the_project_is_the_current_folder_when_none_is_named(make_project: Callable[..., Path]) -> None:
    root = make_project(QUIET)
    assert json.loads(scaffold("gaps", "--format", "json", "--fail-on", "never", cwd=root).stdout)["project"] == "app"


def test_a_required_tool_that_did_not_run_is_an_error_of_its_own(make_project: Callable[..., Path]) -> None:
    root = make_project(QUIET)
    scaffold("generate", str(root), "--yes", "--no-validate")
    done = scaffold("validate", str(root), "--require", "frobnicator")
    assert done.returncode == 4
    assert "frobnicator" in done.stderr


def test_a_closed_pipe_is_no_error(example: Callable[[str], Path]) -> None:
    root = example("propertypro")
    line = f"{sys.executable} -m scaffold gaps {root} --all | head -n 1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert done.stdout.count("\n") == 1


def test_sarif_fails_as_the_other_formats_do(example: Callable[[str], Path]) -> None:
    done = scaffold("gaps", str(example("friday")), "--format", "sarif")
    assert json.loads(done.stdout)["version"] == "2.1.0"
    assert done.returncode == 1


def test_a_word_that_is_neither_a_room_nor_a_folder_is_told_the_rooms(make_project: Callable[..., Path]) -> None:
    done = scaffold("generate", "monitorin", cwd=make_project(QUIET))
    assert done.returncode == 2
    assert "monitoring" in done.stderr
