"""Ignores with a reason and an end, a baseline, external layers, severities of one's own: what a team does after day one."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from scaffold.app.examination import Place, examine
from scaffold.model.gap import JudgedGap
from tests.cli.test_bad_input import scaffold
from tests.conftest import ROOT

COMPOSE = """\
services:
  db:
    image: postgres:16
    ports:
      - "5432:5432"
    volumes: [data:/var/lib/postgresql/data]
  cache:
    image: redis:7.4
    ports: ["6379:6379"]
    restart: unless-stopped
volumes:
  data:
"""
Files = Mapping[str, str]
Make = Callable[..., Path]


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return scaffold(*(str(word) for word in words))


def as_json(root: Path, *options: str) -> dict[str, Any]:
    document = json.loads(run("gaps", root, "--format", "json", *options).stdout)
    assert isinstance(document, dict)
    return document


def ports(root: Path, today: str = "") -> dict[str, JudgedGap]:
    gaps = examine(Place(root, today=today)).judgement.gaps
    return {item.gap.resource: item for item in gaps if item.gap.code == "NET001"}


@pytest.mark.parametrize(
    "compose",
    [
        COMPOSE.replace('"5432:5432"', '"5432:5432"  # scaffold: ignore NET001 -- the reporting tool'),
        COMPOSE.replace('      - "5432', '      # scaffold: ignore NET001 -- the reporting tool\n      - "5432'),
        COMPOSE.replace(
            '      - "5432', '      # scaffold: ignore NET001 -- the reporting tool\n      # and more words\n      - "5432'
        ),
        COMPOSE.replace("  db:\n", "  # scaffold: ignore SEC006, NET001 -- the reporting tool\n  db:\n"),
        COMPOSE.replace("    ports:\n      -", "    ports:  # scaffold: ignore NET001 -- the reporting tool\n      -"),
    ],
    ids=["on the line", "above it", "two lines above", "above the service", "on the key"],
)
def test_a_comment_beside_the_line_or_its_block(compose: str, make_project: Make) -> None:
    found = ports(make_project({"compose.yaml": compose}))
    assert found["base/db"].status == "suppressed"
    suppression = found["base/db"].suppression
    assert suppression is not None
    assert (suppression.kind, suppression.reason) == ("inline", "the reporting tool")
    assert found["base/cache"].status == "open"


@pytest.mark.parametrize(
    "comment",
    [
        "# scaffold: ignore NET001",
        "# scaffold: ignore NET001 --",
        "# scaffold: ignore -- why",
        "# scaffold: ignore ports -- why",
    ],
)
def test_an_ignore_without_rule_or_reason_does_not_count_and_is_told(comment: str, make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE.replace('"5432:5432"', f'"5432:5432"  {comment}')})
    assert ports(root)["base/db"].status == "open"
    assert [(item["path"], item["line"]) for item in as_json(root)["problems"]] == [("compose.yaml", 5)]


@pytest.mark.parametrize("where", ["inline", "configuration"])
def test_an_ignore_runs_out(where: str, make_project: Make) -> None:
    files = {"compose.yaml": COMPOSE}
    if where == "inline":
        files["compose.yaml"] = COMPOSE.replace("  db:\n", "  # scaffold: ignore NET001 until=2027-01-31 -- moves\n  db:\n")
    else:
        files["scaffold.yaml"] = "ignore:\n  - {rule: NET001, resource: base/db, reason: moves, until: 2027-01-31}\n"
    root = make_project(files)
    assert ports(root, "2027-01-31")["base/db"].status == "suppressed"
    late = ports(root, "2027-02-01")["base/db"]
    assert late.status == "open"
    assert "ignored until 2027-01-31" in late.gap.message
    assert late.gap.fingerprint == ports(root, "2027-01-31")["base/db"].gap.fingerprint


def test_a_second_ignore_stands_when_the_first_has_run_out(make_project: Make) -> None:
    compose = COMPOSE.replace("  db:\n", "  # scaffold: ignore NET001 until=2026-01-31 -- moves\n  db:\n")
    root = make_project({"compose.yaml": compose, "scaffold.yaml": "ignore:\n  - {rule: NET001, reason: a firewall}\n"})
    suppression = ports(root, "2027-01-01")["base/db"].suppression
    assert suppression is not None
    assert suppression.reason == "a firewall"


def test_pages_and_other_words_are_no_ignores(make_project: Make) -> None:
    page = "# Ignoring\n\n    ports: # scaffold: ignore NET001\n"
    root = make_project({"compose.yaml": COMPOSE, "README.md": page})
    assert as_json(root)["problems"] == []


def test_only_new_gaps_count_after_a_baseline(make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE, "README.md": "# Shop\n\nRun it with `docker compose up`.\n"})
    assert run("gaps", root).returncode == 1
    written = run("gaps", root, "--baseline")
    assert written.returncode == 0
    assert "scaffold.baseline.json" in written.stderr
    assert run("gaps", root, "--new-only").returncode == 0
    assert {gap["status"] for gap in as_json(root, "--new-only")["gaps"]} == {"baseline"}
    moved = "# a comment more\n\n" + COMPOSE.replace("  cache:", "\n\n  cache:")
    (root / "compose.yaml").write_text(moved)
    assert run("gaps", root, "--new-only").returncode == 0, "a gap that only moved is not new"
    (root / "compose.yaml").write_text(
        moved.replace("volumes:\n  data:", "  queue:\n    image: rabbitmq:4\n    ports: ['5672:5672']\nvolumes:\n  data:")
    )
    assert run("gaps", root, "--new-only").returncode == 1
    new = {gap["resource"] for gap in as_json(root, "--new-only")["gaps"] if gap["status"] == "open"}
    assert "base/queue" in new
    assert not {"base/db", "base/cache"} & new
    assert run("gaps", root).returncode == 1, "without --new-only all of them count"


def test_the_baseline_names_rules_and_places_and_is_the_same_twice(make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    run("gaps", root, "--baseline")
    first = (root / "scaffold.baseline.json").read_bytes()
    rows = json.loads(first)["gaps"]
    assert {"rule": "NET001", "resource": "base/db", "subject": "ports/5432"}.items() <= next(
        row for row in rows if row["rule"] == "NET001" and row["resource"] == "base/db"
    ).items()
    run("gaps", root, "--baseline")
    assert (root / "scaffold.baseline.json").read_bytes() == first


@pytest.mark.parametrize("text", [None, "{}", "[]", '{"version": 1, "gaps": [{"fingerprint": "x"}]}', "not json"])
def test_a_missing_or_damaged_baseline_is_a_mistake_of_the_call(text: str | None, make_project: Make) -> None:
    files = {"compose.yaml": COMPOSE} | ({} if text is None else {"scaffold.baseline.json": text})
    result = run("gaps", make_project(files), "--new-only")
    assert result.returncode == 2
    assert "baseline" in result.stderr


def test_a_part_of_the_rules_makes_no_baseline(make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE})
    assert run("gaps", root, "--baseline", "--rule", "NET001").returncode == 2
    assert not (root / "scaffold.baseline.json").exists()


def test_a_layer_that_lives_elsewhere_does_not_count(make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE, "scaffold.yaml": "external: [iac, backup]\n"})
    document = as_json(root)
    assert {card["layer"] for card in document["layers"] if card["external"]} == {"iac", "backup"}
    assert not {gap["layer"] for gap in document["gaps"]} & {"iac", "backup"}
    assert re.search(r"\biac \(elsewhere[:)]", run("gaps", root).stdout)


def test_a_severity_of_ones_own_decides_the_exit_code(make_project: Make) -> None:
    root = make_project({"compose.yaml": COMPOSE, "scaffold.yaml": "severity: {NET001: info}\n"})
    assert {gap["severity"] for gap in as_json(root, "--rule", "NET001")["gaps"]} == {"info"}
    assert run("gaps", root, "--rule", "NET001").returncode == 0
    assert run("gaps", root, "--rule", "NET001", "--fail-on", "info").returncode == 1


def test_one_rule_or_layer_says_what_the_whole_report_says() -> None:
    root = ROOT / "examples" / "propertypro"
    whole = {gap["fingerprint"]: gap for gap in as_json(root, "--all")["gaps"]}
    for option, word in (("--rule", "MET005"), ("--rule", "BCK001"), ("--layer", "alerting"), ("--layer", "compose")):
        part = as_json(root, "--all", option, word)["gaps"]
        assert part == [gap for gap in whole.values() if word in {gap["code"], gap["layer"]}], word


def test_low_confidence_shows_with_all_alone() -> None:
    root = ROOT / "examples" / "propertypro"
    short, long = as_json(root)["gaps"], as_json(root, "--all")["gaps"]
    assert [gap for gap in long if gap["confidence"] != "low"] == short
    assert len(long) > len(short)


def test_sarif_tells_a_comment_from_the_configuration(make_project: Make) -> None:
    compose = COMPOSE.replace("  db:\n", "  # scaffold: ignore NET001 -- a firewall\n  db:\n")
    settings = "ignore:\n  - {rule: NET001, resource: base/cache, reason: loopback soon}\n"
    root = make_project({"compose.yaml": compose, "scaffold.yaml": settings})
    results = json.loads(run("gaps", root, "--format", "sarif", "--rule", "NET001").stdout)["runs"][0]["results"]
    kinds = {item["properties"]["resource"]: item["suppressions"][0] for item in results}
    assert (kinds["base/db"]["kind"], kinds["base/db"]["justification"]) == ("inSource", "a firewall")
    assert kinds["base/db"]["location"]["physicalLocation"]["region"]["startLine"] == 2
    assert (kinds["base/cache"]["kind"], kinds["base/cache"]["justification"]) == ("external", "loopback soon")
