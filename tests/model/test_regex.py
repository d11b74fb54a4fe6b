"""A regular expression that is compiled at first use finds what one compiled at once finds."""

from __future__ import annotations

import re

import pytest

from scaffold.model.regex import regex


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
