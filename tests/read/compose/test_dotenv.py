"""Env files: quotes, comments, export, escapes, line ends, variables, and lines that Compose refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.read.compose.dotenv import parse_env


def values(text: str, outer: dict[str, str] | None = None, known: dict[str, str] | None = None) -> dict[str, str | None]:
    lines, problems = parse_env(".env", text, (outer or {}).get, known=known)
    assert problems == ()
    return {line.name: line.value for line in lines}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("\ufeffA=1\n", {"A": "1"}),
        ("# comment\n\n  A=1\n", {"A": "1"}),
        ("A=1 # behind\nB=1#inside\n", {"A": "1", "B": "1#inside"}),
        ("export A=1\n", {"A": "1"}),
        ("A = spaced \n", {"A": "spaced"}),
        ("A=\nB=''\n", {"A": "", "B": ""}),
        ("A: yaml\n", {"A": "yaml"}),
        ("A='single $X \\n'\n", {"A": "single $X \\n"}),
        ('A="line\\nbreak\\ttab"\n', {"A": "line\nbreak\ttab"}),
        ('A="say \\"hi\\""\n', {"A": 'say "hi"'}),
        ('A="two\nlines"\nB=3\n', {"A": "two\nlines", "B": "3"}),
        ('A="x" # behind\n', {"A": "x"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("A=1\nB=${A}-$A\n", {"A": "1", "B": "1-1"}),
        ("A=1\nB=\"${A}\"\nC='${A}'\n", {"A": "1", "B": "1", "C": "${A}"}),
        ('A="\\$X $$Y"\n', {"A": "$X $Y"}),
        ("A=${UNSET:-default}\n", {"A": "default"}),
        ("A=a=b=c\n", {"A": "a=b=c"}),
        ("A.B-C[0]=x\n", {"A.B-C[0]": "x"}),
        ("ALONE\nB=1\n", {"ALONE": None, "B": "1"}),
    ],
)
def test_a_line_means_what_compose_takes_it_for(text: str, expected: dict[str, str | None]) -> None:
    assert values(text) == expected


def test_outer_variables_win_over_earlier_lines_and_these_over_earlier_files() -> None:
    assert values("A=1\nB=$A\n", outer={"A": "outer"}) == {"A": "1", "B": "outer"}
    assert values("B=$A\nA=1\nC=$A\n", known={"A": "before"}) == {"B": "before", "A": "1", "C": "1"}


def test_a_name_alone_takes_the_outer_value() -> None:
    assert values("HOME_DIR\n", outer={"HOME_DIR": "/h"}) == {"HOME_DIR": "/h"}


def test_raw_format_keeps_everything_behind_the_equals_sign() -> None:
    lines, _ = parse_env("a.env", "# c\nA='q' # x\nB=$X\n", raw=True)
    assert [(line.name, line.value, line.location.line) for line in lines] == [("A", "'q' # x", 2), ("B", "$X", 3)]


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\nB='open\n", 2), ("A=1\nNOT A NAME=2\n", 2), ("A=1\n\n%=2\n", 3), ("A=${\n", 1), ("=x\n", 1)],
)
def test_a_refused_line_is_a_problem_and_the_lines_before_it_count(text: str, line: int) -> None:
    lines, problems = parse_env(".env", text)
    assert [(problem.location.path, problem.location.line) for problem in problems] == [(".env", line)]
    assert [item.name for item in lines] == (["A"] if line > 1 else [])


def test_lines_know_their_place_and_their_text_before_interpolation() -> None:
    lines, _ = parse_env("x/.env", "A=1\n\n# c\nURL=postgres://u:${A}@db\n")
    assert [(item.name, item.raw, item.location.line) for item in lines] == [("A", "1", 1), ("URL", "postgres://u:${A}@db", 4)]


@given(st.text(alphabet="AB= '\"\\$#{}\n\r:export", max_size=50))
def test_any_text_is_read_or_refused(text: str) -> None:
    lines, problems = parse_env(".env", text)
    assert all(line.location.line <= text.count("\n") + 1 for line in lines)
    assert len(problems) <= 1
