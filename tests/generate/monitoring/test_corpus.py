"""Every real project gets monitoring that its compose files take, whose rules hold, and that copies nothing of theirs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from scaffold.errors import NothingToReadError
from tests.generate.monitoring.conftest import load, monitor
from tests.projects import copy_corpus_project, corpus_projects


@pytest.mark.parametrize("name", corpus_projects())
def test_real_projects(name: str, corpus: Path, tmp_path: Path, require_tool: Callable[[str], str]) -> None:
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
            done = subprocess.run([promtool, *arguments], cwd=root, capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
