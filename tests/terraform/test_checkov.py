"""checkov finds nothing that fails, looked at something, and still needs every check that we accept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from terraform import accepted
from terraform.app import render
from terraform.plan import parse
from tests.terraform import support


@pytest.fixture(scope="module")
def report(require_tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """One run over every plan, and over one without our comments: checkov needs seconds to start."""
    folder = tmp_path_factory.mktemp("checkov")
    for name, plan in support.PLANS.items():
        support.write(support.rendered(plan), folder / "plans" / name)
    for name in ("uploads", "ecs"):
        support.write(render(parse(json.dumps(support.PLANS[name])), ()), folder / "bare" / name)
    command = [
        require_tool("checkov"),
        "--framework",
        "terraform",
        "--directory",
        str(folder),
        "--skip-download",
        "--output",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def failed(report: dict[str, Any], folder: str) -> set[tuple[str, str]]:
    checks = report["results"]["failed_checks"]
    return {(item["check_id"], item["resource"]) for item in checks if item["file_path"].startswith(folder)}


def test_nothing_fails(report: dict[str, Any]) -> None:
    assert failed(report, "/plans/") == set()
    assert report["summary"]["parsing_errors"] == 0
    passed = [item for item in report["results"]["passed_checks"] if item["file_path"].startswith("/plans/")]
    assert {item["file_path"].split("/")[2] for item in passed} == set(support.PLANS)
    assert len({(item["file_path"], item["resource"]) for item in passed}) > 80


def test_every_accepted_check_is_still_needed(report: dict[str, Any]) -> None:
    """Without our comments, exactly the accepted checks fail, and only where the table says so."""
    table = accepted.load()
    explained = {
        (check, id_, address)
        for id_, address in failed(report, "/bare/")
        for check in table
        if check.id == id_ and check.scope in {address, address.split(".")[0]}
    }
    assert {check for check, _, _ in explained} == set(table)
    assert {(id_, address) for _, id_, address in explained} == failed(report, "/bare/")


def test_every_accepted_check_says_why_and_after_whom() -> None:
    for check in accepted.load():
        assert len(check.reason) > 40
        assert check.source.startswith("https://")
        assert "\n" not in check.reason
