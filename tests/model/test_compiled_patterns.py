"""Compiled patterns are kept from run to run beside Python's bytecode, and a run is the same with and without them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.model.compiled_patterns import compiled

COMPOSE = "services:\n  db:\n    image: postgres:17\n    ports: ['5432:5432']\n    environment: {POSTGRES_PASSWORD: postgres}\n"
PATTERNS = [
    (r"(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<value>.+)", 0),
    (r"(?i)straße|\bprod\b", 0),
    (r"(?<![a-z])(?:dev|test)s?(?!\w)", re.IGNORECASE),
    (r"^\s*#.*$", re.MULTILINE),
    (r"(a)|(b)(?P<later>c)?", re.DOTALL),
    (r"[^\W\d_]{2,5}+", 0),
]


def run(project: Path, bytecode: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """`scaffold gaps` in a process of its own, whose bytecode lies in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment: Mapping[str, str] = {**kept, "PYTHONPYCACHEPREFIX": str(bytecode), **more}
    argv = [sys.executable, "-m", "scaffold", "gaps", "--format", "json", str(project)]
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "compose.yaml").write_text(COMPOSE)
    return tmp_path / "app"


def kept_in(bytecode: Path) -> list[Path]:
    return sorted(bytecode.rglob("*.patterns*"))


def test_a_second_run_finds_the_patterns_of_the_first_and_says_the_same(project: Path, tmp_path: Path) -> None:
    first = run(project, tmp_path / "bytecode")
    (file,) = kept_in(tmp_path / "bytecode")
    written = file.stat().st_mtime_ns
    second = run(project, tmp_path / "bytecode")
    assert '"NET001"' in first.stdout
    assert (second.stdout, second.stderr, second.returncode) == (first.stdout, first.stderr, first.returncode)
    assert kept_in(tmp_path / "bytecode") == [file]
    assert file.stat().st_mtime_ns == written  # nothing was compiled that was not there


@pytest.mark.parametrize("content", [b"", b"no marshal at all", b"\xf3" * 40])
def test_a_file_that_is_damaged_is_written_anew(project: Path, tmp_path: Path, content: bytes) -> None:
    first = run(project, tmp_path / "bytecode")
    (file,) = kept_in(tmp_path / "bytecode")
    size = file.stat().st_size
    file.write_bytes(content)
    assert run(project, tmp_path / "bytecode").stdout == first.stdout
    assert file.stat().st_size == size


def test_nothing_is_kept_where_python_is_told_to_keep_no_bytecode(project: Path, tmp_path: Path) -> None:
    done = run(project, tmp_path / "bytecode", PYTHONDONTWRITEBYTECODE="1")
    assert '"NET001"' in done.stdout
    assert kept_in(tmp_path / "bytecode") == []


@pytest.mark.parametrize(("source", "flags"), PATTERNS)
@given(text=st.text(alphabet=st.sampled_from("abc=_ #\nSsßẞeEdvtprodTs1é"), max_size=40))
def test_what_was_kept_matches_as_what_re_compiles(source: str, flags: int, text: str) -> None:
    ours, theirs = compiled(source, flags), re.compile(source, flags)
    assert (ours.flags, ours.groups, dict(ours.groupindex)) == (theirs.flags, theirs.groups, dict(theirs.groupindex))
    assert [(found.span(), found.groups(), found.lastgroup) for found in ours.finditer(text)] == [
        (found.span(), found.groups(), found.lastgroup) for found in theirs.finditer(text)
    ]


def test_a_pattern_with_a_fault_is_refused_as_re_refuses_it() -> None:
    with pytest.raises(re.error):
        compiled("(a")
