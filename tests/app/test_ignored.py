"""Files that git would not take along are named once for each line that ignores them, with a command that takes them."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from scaffold.app.examination import Place
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.names import Room

COMPOSE = "services:\n  web: {image: 'ghcr.io/acme/web:1.2.3', ports: ['80:80']}\n"
LINES = "# built\nshop\nrunbook.md\n"


def test_one_line_for_each_line_that_ignores(make_project: Callable[..., Path]) -> None:
    root = make_project({"compose.yaml": COMPOSE, ".gitignore": LINES}, name="shop")
    generation = plan_generation(Place(root), rooms=frozenset({Room.HELM, Room.GUIDES}), edit_codes=None)
    found = {item.path: item.reason for item in generation.skipped if ".gitignore" in item.reason}
    chart = [change.path for change in generation.changes if change.path.startswith("deploy/helm/shop/")]
    assert found == {
        chart[0]: f"and {len(chart) - 1} more files written, but .gitignore:2 makes git ignore them: "
        "git add -f deploy/helm/shop, or make that line more precise",
        "docs/operations/runbook.md": "written, but .gitignore:3 makes git ignore it: git add -f docs/operations/runbook.md",
    }

    write_generation(generation)
    for reason in found.values():
        command = reason.partition("ignore")[2].partition(": ")[2].partition(",")[0]
        subprocess.run(command.split(), cwd=root, check=True)
    listed = subprocess.run(["git", "ls-files"], cwd=root, check=True, capture_output=True, text=True).stdout.split()
    assert {*chart, "docs/operations/runbook.md"} <= set(listed)
