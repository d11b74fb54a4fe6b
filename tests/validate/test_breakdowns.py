"""Programs that are missing, hang, crash or are not what their name says: never a pass, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.validate.actionlint import is_known_release
from scaffold.validate.request import ValidationRequest
from scaffold.validate.runner import validate

WORKFLOW = ".github/workflows/test.yml"
FILES = {
    WORKFLOW: "on: push\njobs: {}\n",
    "infra/terraform/main.tf": "",
    "monitoring/prometheus.yml": "scrape_configs: []\n",
    "monitoring/alertmanager.yml": "route: {}\nreceivers: []\n",
    "monitoring/config.alloy": "",
    "monitoring/loki.yml": "schema_config: {}\n",
    "scripts/run.sh": "echo\n",
    "deploy/Chart.yaml": "name: x\n",
    "compose.yaml": "services: {}\n",
}
PROGRAMS = (
    "checkov", "terraform", "tofu", "helm", "compose-go-config", "docker", "promtool", "amtool", "alloy", "loki", "actionlint",
    "zizmor", "shellcheck", "kubeconform",
)  # fmt: skip


@pytest.fixture
def run_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, object]]:
    """Return a function that runs everything with programs of our own making, and nothing else on the machine."""

    def run(script: str, programs: tuple[str, ...] = PROGRAMS, seconds: float = 20.0) -> dict[str, object]:
        tools, tree = tmp_path / "tools" / "bin", tmp_path / "tree"
        tools.mkdir(parents=True)
        for name in programs:
            (tools / name).write_text(f"#!/bin/sh\n{script}\n")
            (tools / name).chmod(0o755)
        for path, text in FILES.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text)
        python = tmp_path / "python"
        python.mkdir()
        monkeypatch.setattr(sys, "executable", str(python / "python"))
        monkeypatch.setenv("SCAFFOLD_TOOLS", str(tools.parent))
        monkeypatch.setenv(
            "PATH", os.pathsep.join([str(tmp_path / "nothing"), "/bin"]) if programs else str(tmp_path / "nothing")
        )
        request = ValidationRequest(tree, tuple(FILES), compose_sets=(("compose.yaml",),), seconds=seconds)
        return {result.tool: result for result in validate(request)}

    return run


OUTSIDE = {"yaml", "json-schema"}


def test_docker_compose_stands_in_for_the_loader(run_with):
    answer = (
        'case "$*" in *version*) echo 2.38.2;; *) echo "validating compose.yaml: services.api.memory no" >&2; exit 15;; esac'
    )
    result = run_with(answer, ("docker",))["compose"]
    assert (result.version, result.state) == ("docker compose 2.38.2", "failed")
    assert result.findings[0].path == "compose.yaml"


def test_docker_without_the_compose_plugin_is_no_loader(run_with):
    result = run_with("echo unknown command >&2; exit 1", ("docker",))["compose"]
    assert (result.state, "compose plugin" in result.reason) == ("not-run", True)


def test_missing_programs_are_not_run_and_named(run_with):
    runs = run_with("", programs=())
    for tool, result in runs.items():
        if tool not in OUTSIDE:
            assert (result.state, result.looked_at) == ("not-run", 0), result
            assert "installed" in result.reason, result


def test_a_program_that_crashes_has_failed(run_with):
    runs = run_with("echo 'out of memory' >&2; exit 70")
    not_the_program = {"compose", "actionlint", "kubeconform", *OUTSIDE}
    assert {tool: result.state for tool, result in runs.items() if tool not in not_the_program} == {
        tool: "failed" for tool in runs if tool not in not_the_program
    }
    assert runs["compose"].state == "failed"
    # What helm could not render, kubeconform cannot judge: the failure is helm's.
    assert (runs["kubeconform"].state, runs["kubeconform"].reason) == ("not-run", "no chart could be rendered")
    for tool in ("checkov", "zizmor", "shellcheck", "promtool", "amtool", "helm"):
        assert "out of memory" in runs[tool].findings[0].message, runs[tool]


def test_a_program_that_says_nothing_never_passes_where_it_should_answer(run_with):
    runs = run_with("exit 0")
    for tool in ("checkov", "zizmor", "shellcheck", "terraform-validate"):
        assert runs[tool].state == "failed", runs[tool]
    assert (runs["actionlint"].state, runs["actionlint"].reason[:11]) == ("not-run", "its version")


def test_a_program_that_hangs_is_stopped_and_has_failed(run_with):
    runs = run_with(
        'case "$1" in --version|version|-version) echo 1.7.12;; *) exec sleep 30;; esac', ("shellcheck", "amtool"), 0.5
    )
    assert runs["shellcheck"].state == "failed"
    assert "took longer" in runs["shellcheck"].findings[0].message
    assert runs["amtool"].state == "failed"


@pytest.mark.parametrize(
    ("version", "known"),
    [("1.7.12", True), ("1.7.7", True), ("1.6.26", False), ("2.0.6", False), ("", False), ("dev", False)],
)
def test_only_the_real_actionlint_counts(version, known):
    assert is_known_release(version) is known
