"""Clean projects, one per stack, and one flaw at a time: its rule fires on its line, and no other rule at high or critical does."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.gaps.catalogue import all_rules
from scaffold.gaps.judge import judge
from scaffold.model.gap import Gap
from scaffold.model.names import Severity
from scaffold.read.project import read_project
from tests.conftest import commit_all

HERE = Path(__file__).resolve().parent
STACKS = sorted(path.stem for path in (HERE / "clean").glob("*.yaml") if path.stem != "common")


@cache
def clean_files(stack: str) -> dict[str, str]:
    """Return the files of a clean project by path: what all have, and its own over it."""
    parts = [yaml.safe_load((HERE / "clean" / f"{name}.yaml").read_text(encoding="utf-8")) for name in ("common", stack)]
    return {path: text for part in parts for path, text in part.items()}


@cache
def flaws() -> list[dict[str, Any]]:
    """Return the rows of every table of flaws."""
    tables = sorted((HERE / "flaws").glob("*.yaml"))
    return [row for table in tables for row in yaml.safe_load(table.read_text(encoding="utf-8"))]


def broken_files(row: dict[str, Any]) -> dict[str, str]:
    """Return the files of a clean project with one thing broken: files removed, added, and texts replaced once."""
    files = {path: text for path, text in clean_files(row["project"]).items() if not _is_removed(path, row)}
    if "without" in row:
        files["compose.yaml"] = _without_services(files["compose.yaml"], row["without"])
    for path, pairs in row.get("change", {}).items():
        for old, new in pairs:
            assert files[path].count(old) == 1, f"{row['rule']}: {old!r} stands {files[path].count(old)} times in {path}"
            files[path] = files[path].replace(old, new)
    return {**files, **row.get("add", {})}


def _without_services(text: str, names: list[str]) -> str:
    for name in names:
        text, count = re.subn(rf"(?m)^  {name}:\n(?:    .*\n)+", "", text)
        assert count == 1, name
    return text


def _is_removed(path: str, row: dict[str, Any]) -> bool:
    return any(path == gone or path.startswith(f"{gone}/") for gone in row.get("remove", []))


def gaps_of(root: Path) -> dict[str, Gap]:
    judgement = judge(read_project(root))
    return {gap.fingerprint: gap for gap in judgement.open}


@pytest.fixture(scope="session")
def clean_gaps(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Gap]]:
    """Return a function that gives what is said of a clean project, each read once."""

    @cache
    def found(stack: str) -> dict[str, Gap]:
        root = tmp_path_factory.mktemp(stack) / "shop"
        return gaps_of(write(root, clean_files(stack)))

    return found


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    commit_all(root)
    return root


def named(gaps: list[Gap]) -> list[str]:
    return sorted(f"{gap.code} {gap.severity.word} {gap.resource} {gap.subject}: {gap.message}" for gap in gaps)


@pytest.mark.parametrize("row", flaws(), ids=lambda row: f"{row['rule']}-{row['project']}")
def test_a_flaw_is_found_and_nothing_else(
    row: dict[str, Any], tmp_path: Path, clean_gaps: Callable[[str], dict[str, Gap]]
) -> None:
    files = broken_files(row)
    before = clean_gaps(row["project"])
    after = gaps_of(write(tmp_path / "shop", files))
    fresh = [gap for mark, gap in after.items() if mark not in before or gap.severity > before[mark].severity]

    found = [gap for gap in fresh if gap.code == row["rule"]]
    assert found, f"{row['rule']} says nothing; new: {named(fresh)}"
    path, _, words = row["at"].partition(" | ")
    lines = files[path].splitlines()
    # `=` before the words means the whole line.
    matching = [number for number, line in enumerate(lines, 1) if (line == words[1:] if words[0] == "=" else words in line)]
    assert len(matching) == 1, f"{words!r} stands on the lines {matching} of {path}"
    places = [(gap.primary.path, gap.primary.line) for gap in found]
    assert (path, matching[0]) in places, f"{named(found)} at {places}, not at {path}:{matching[0]}"

    # `with` names what follows from the very same loss, and why.
    allowed = {row["rule"], *row.get("with", {})}
    others = [gap for gap in fresh if gap.code not in allowed and gap.severity >= Severity.HIGH]
    assert named(others) == []


def test_every_rule_has_a_flaw() -> None:
    codes = {rule.code for rule in all_rules()}
    assert sorted(codes - {row["rule"] for row in flaws()}) == []
    assert sorted({row["rule"] for row in flaws()} - codes) == []


ABSENT = {"BCK000", "IAC000", "K8S000", "LOG000", "MET000", "SEC000"}
"""Layers that a clean project may not have yet: `generate` brings them."""


@pytest.mark.parametrize("stack", STACKS)
def test_a_clean_project_is_clean(stack: str, clean_gaps: Callable[[str], dict[str, Gap]]) -> None:
    worse = [gap for gap in clean_gaps(stack).values() if gap.severity >= Severity.MEDIUM and gap.code not in ABSENT]
    assert named(worse) == []


@pytest.mark.parametrize("stack", STACKS)
def test_after_generate_nothing_is_left_of_a_clean_project(stack: str, tmp_path: Path) -> None:
    root = write(tmp_path / "shop", clean_files(stack))
    write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
    left = [gap for gap in examine(Place(root)).judgement.open if gap.severity >= Severity.MEDIUM]
    assert named(left) == []
