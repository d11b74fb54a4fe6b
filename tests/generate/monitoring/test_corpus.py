"""Every real project gets monitoring that its compose files take, whose rules hold, and that copies nothing of theirs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.errors import NothingToReadError
from tests.generate.monitoring.conftest import load, monitor
from tests.projects import copy_corpus_project, corpus_projects

Judge = Callable[[list[str], Path, str], None]


def run(argv: list[str], cwd: Path) -> None:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]


@pytest.fixture(scope="session")
def judge_once() -> Judge:
    """Run a program over a text that it has not taken before: most projects share these files to the byte."""
    taken: set[tuple[str, str]] = set()

    def judge(argv: list[str], cwd: Path, text: str) -> None:
        if (argv[0], text) not in taken:
            run(argv, cwd)
            taken.add((argv[0], text))

    return judge


@pytest.mark.parametrize("name", corpus_projects())
def test_real_projects(name: str, corpus: Path, tmp_path: Path, require_tool: Callable[[str], str], judge_once: Judge) -> None:
    root = copy_corpus_project(corpus, name, tmp_path)
    try:
        made = monitor(root)
    except NothingToReadError:
        return
    if made is None:
        return
    loader = require_tool("compose-go-config")
    _, broken = load(loader, root, made.plan.base_set, made.plan.profiles)
    if not broken:
        project, error = load(loader, root, made.production_set, made.plan.profiles)
        assert not error
        assert {item.service for item in made.plan.components} <= set(project["services"])
    promtool = require_tool("promtool")
    for arguments in (
        ["check", "rules", "--lint=all", "--lint-fatal", *(item.path for item in made.ending(".rules.yml"))],
        ["test", "rules", *(item.path for item in made.ending(".test.yml"))],
        ["check", "config", *(item.path for item in made.artifacts if "scrape_configs:" in item.text)],
    ):
        if len(arguments) > 2 and made.plan.own_rules:
            run([promtool, *arguments], root)
    for item in made.artifacts:
        if item.path.endswith("alertmanager.yml"):
            judge_once([require_tool("amtool"), "check-config", item.path], root, item.text)
        elif item.path.endswith("loki.yaml"):
            judge_once([require_tool("loki"), "-verify-config", f"-config.file={item.path}"], root, item.text)
        elif item.path.endswith(".alloy"):
            judge_once([require_tool("alloy-fmt"), "--test", item.path], root, item.text)
