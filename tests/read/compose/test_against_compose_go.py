"""Our merged model against compose-go's, key by key, over fixtures of our own, the examples and every set of the corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.projects import EXAMPLES
from tests.read.compose.features import FIXTURES, ORDERS, REFUSED, write
from tests.read.compose.reference import DIFFERENCES, Case, compare, ours, sets, theirs


@pytest.mark.parametrize("name", FIXTURES)
def test_fixtures_load_as_compose_go_loads_them(name: str, tmp_path: Path, require_tool: Callable[[str], str]) -> None:
    root = write(tmp_path / "Shop.1", FIXTURES[name])
    files = ORDERS.get(name, ("compose.yaml",))
    cases = [Case(root, files), Case(root, files, profiles=("*",)), Case(root, files, variables=(("E1", "given"),))]
    program = require_tool("compose-go-config")
    assert [answer.get("error") for answer in theirs(program, cases)] == [None] * len(cases)
    assert compare(program, cases)[0] == []


@pytest.mark.parametrize("name", REFUSED)
def test_what_compose_go_refuses_is_a_problem_on_the_line_to_blame(
    name: str, tmp_path: Path, require_tool: Callable[[str], str]
) -> None:
    text, line = REFUSED[name]
    case = Case(write(tmp_path / "shop", {"compose.yaml": text}), ("compose.yaml",))
    assert "error" in theirs(require_tool("compose-go-config"), [case])[0]
    assert ("compose.yaml", line) in {(item.location.path, item.location.line) for item in ours(case)[1]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_load_as_compose_go_loads_them(name: str, require_tool: Callable[[str], str]) -> None:
    root = ROOT / "examples" / name
    cases = [Case(root, files, folder, profiles) for files, folder in sets(root) for profiles in ((), ("*",))]
    found, accepted = compare(require_tool("compose-go-config"), cases)
    assert found == []
    assert accepted >= 1


def test_the_corpus_loads_as_compose_go_loads_it(corpus: Path, require_tool: Callable[[str], str]) -> None:
    roots = [path for path in sorted(corpus.iterdir()) if path.is_dir()]
    cases = [Case(root, *found, profiles) for root in roots for found in sets(root) for profiles in ((), ("*",))]
    found, accepted = compare(require_tool("compose-go-config"), cases)
    assert found == []
    assert accepted > len(cases) / 2


def test_the_table_of_differences_is_short() -> None:
    assert len(DIFFERENCES) <= 10
