"""checkov finds nothing that fails, looked at something, and still needs every check that we accept."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terraform import accepted, main
from terraform.app import render
from terraform.plan import parse
from tests.terraform import support


@pytest.fixture(scope="module")
def scan(require_tool: Callable[[str], str]) -> Callable[[Path], dict[str, Any]]:
    program = require_tool("checkov")

    def run(folder: Path) -> dict[str, Any]:
        command = [program, "--framework", "terraform", "--directory", str(folder), "--skip-download", "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    return run


def test_nothing_fails(scan: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    """All plans in one run: checkov needs three seconds to start."""
    for name, plan in support.PLANS.items():
        support.write(support.rendered(plan), tmp_path / name)
    report = scan(tmp_path)
    assert [f"{item['check_id']} {item['file_path']} {item['resource']}" for item in report["results"]["failed_checks"]] == []
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] > 150


def test_every_accepted_check_is_still_needed(scan: Callable[[Path], dict[str, Any]], tmp_path: Path) -> None:
    """Without our comments, exactly the accepted checks fail, and only where the table says so."""
    main.use_bundled_node()
    support.write(render(parse(json.dumps(support.PROPERTYPRO)), ()), tmp_path)
    failed = {(item["check_id"], item["resource"]) for item in scan(tmp_path)["results"]["failed_checks"]}
    table = accepted.load()
    needed = {
        check
        for check in table
        for id_, address in failed
        if check.id == id_ and check.scope in {address, address.split(".")[0]}
    }
    unexplained = {
        (id_, address)
        for id_, address in failed
        if not any(check.id == id_ and check.scope in {address, address.split(".")[0]} for check in table)
    }
    assert needed == set(table)
    assert unexplained == set()


def test_every_accepted_check_says_why_and_after_whom() -> None:
    for check in accepted.load():
        assert len(check.reason) > 40
        assert check.source.startswith("https://")
        assert "\n" not in check.reason
