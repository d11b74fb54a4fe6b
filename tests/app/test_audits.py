"""docs/audits.md says what closes each finding of the two audits: both commands are run on both examples."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scaffold.app.examination import Place, examine
from scaffold.app.generation import plan_generation, write_generation
from scaffold.model.gap import Gap
from tests.conftest import ROOT, commit_all

EXAMPLES = {"A": "friday", "B": "propertypro"}


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield the letter of the audit, a rule, and how its gaps are closed."""
    page = (ROOT / "docs" / "audits.md").read_text(encoding="utf-8")
    for line in re.findall(r"^\| [AB]\d.*\|$", page, re.MULTILINE):
        finding, _, codes, closed = (cell.strip() for cell in line.strip("|").split("|"))
        for code in codes.split(", "):
            yield finding[0], code, closed.strip("`")


def gaps_of(root: Path) -> dict[str, Gap]:
    return {judged.gap.fingerprint: judged.gap for judged in examine(Place(root)).judgement.gaps}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[dict[str, Gap], ...]]:
    """Return a function that gives the gaps of an example: at first, after `generate`, and after `generate --edit`."""
    known: dict[str, tuple[dict[str, Gap], ...]] = {}

    def make(name: str) -> tuple[dict[str, Gap], ...]:
        if name not in known:
            root = tmp_path_factory.mktemp("audit") / name
            shutil.copytree(ROOT / "examples" / name, root)
            commit_all(root)
            found = [gaps_of(root)]
            write_generation(plan_generation(Place(root), rooms=None, edit_codes=None))
            commit_all(root)
            found.append(gaps_of(root))
            write_generation(plan_generation(Place(root), rooms=frozenset(), edit_codes=frozenset()))
            known[name] = (*found, gaps_of(root))
        return known[name]

    return make


@pytest.mark.parametrize(("audit", "code", "closed"), list(rows()), ids=str)
def test_a_row_holds(reports: Callable[[str], tuple[dict[str, Gap], ...]], audit: str, code: str, closed: str) -> None:
    first, second, third = ({mark for mark, gap in found.items() if gap.code == code} for found in reports(EXAMPLES[audit]))
    assert first, f"{code} is not found"
    if closed == "generate":
        assert second < first
    elif closed == "--edit":
        assert third < second
    else:
        assert closed == "by hand"
        assert third == first, f"{code}: more is closed than the page says"
