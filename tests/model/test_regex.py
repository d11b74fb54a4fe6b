"""A regular expression that is compiled at first use finds what one compiled at once finds."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from scaffold.model.regex import compiled_at_first_use, regex
from tests.conftest import ROOT


def test_methods_are_those_of_the_compiled_pattern() -> None:
    ours, theirs = regex(r"(?P<word>[a-z]+)-(\d)", re.IGNORECASE), re.compile(r"(?P<word>[a-z]+)-(\d)", re.IGNORECASE)
    text = "AB-1 cd-2"
    assert ours.findall(text) == theirs.findall(text) == [("AB", "1"), ("cd", "2")]
    assert [match.span() for match in ours.finditer(text)] == [match.span() for match in theirs.finditer(text)]
    assert ours.sub(r"\g<word>", text) == "AB cd"
    assert ours.fullmatch(text) is None
    assert (ours.pattern, ours.flags, ours.groupindex) == (theirs.pattern, theirs.flags, theirs.groupindex)


def test_an_invalid_expression_is_refused_when_it_is_used() -> None:
    broken = regex("(")
    with pytest.raises(re.error):
        broken.search("")


def test_a_library_compiles_as_ever_once_it_is_imported() -> None:
    with compiled_at_first_use():
        later = re.compile(r"a+", re.IGNORECASE)
    assert not isinstance(later, re.Pattern)
    assert later.fullmatch("aA")
    assert isinstance(re.compile(r"a+"), re.Pattern)


def test_the_yaml_library_reads_and_writes_as_ever() -> None:
    code = "import scaffold.read.yaml, yaml; print(yaml.safe_load('[2026-01-31, 1_0, 0x1f, yes, 1.5e+3, ~]'), yaml.safe_dump('08'))"
    ours, theirs = (
        subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for text in (code, code.replace("scaffold.read.yaml, ", ""))
    )
    assert ours == theirs
    assert "datetime.date(2026, 1, 31), 10, 31, True, 1500.0, None" in ours
