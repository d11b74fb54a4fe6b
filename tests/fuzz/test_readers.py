"""No text makes a reader raise, take more than linear time or point outside the text; `make fuzz` searches for longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT
from tests.fuzz.readers import READERS

SEEDS = Path(__file__).parent / "seeds"
KEPT = sorted(path.relative_to(SEEDS).as_posix() for path in SEEDS.glob("*/*"))
MARKS = [
    *"\n\t :-#$%{}[]()<>\"'`\\/=,.|&*!?@~+;^",
    "\r\n",
    "\ufeff",
    "\u2028",
    "${",
    "}}",
    "{{",
    "<<",
    "9" * 400,
    "0x",
    "é",
    "²",
]
PUMPED = 40_000
"""Characters of a text in which one part is repeated."""


def samples(name: str) -> list[str]:
    """The texts of the examples that a reader is for, and those that once made it fail."""
    files = sorted(path for path in (ROOT / "examples").rglob("*") if path.is_file())
    wanted = [path for path in files if READERS[name].is_for(path.relative_to(ROOT).as_posix())]
    kept = [SEEDS / path for path in KEPT if path.startswith(f"{name}/")]
    texts = [path.read_bytes().decode("utf-8", "replace") for path in (*wanted, *kept)]
    return [text for text in texts if len(text) < 20_000] or ["name: value\n"]


@pytest.mark.parametrize("seed", KEPT)
def test_texts_that_once_made_a_reader_fail_are_read(seed: str) -> None:
    READERS[seed.partition("/")[0]].judge((SEEDS / seed).read_bytes().decode("utf-8", "replace"))


@pytest.mark.parametrize("name", READERS)
def test_a_changed_text_is_read(name: str) -> None:
    texts = samples(name)

    @settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(texts), st.data())
    def changed(text: str, data: st.DataObject) -> None:
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(text)))
            end = data.draw(st.integers(start, min(len(text), start + 40)))
            marks = "".join(data.draw(st.lists(st.sampled_from(MARKS), max_size=4)))
            text = text[:start] + marks + text[end:]
        READERS[name].judge(text)

    changed()


@pytest.mark.parametrize("name", READERS)
def test_a_text_with_a_part_repeated_is_read_in_linear_time(name: str) -> None:
    texts = samples(name)

    @settings(max_examples=5, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(texts), st.data())
    def pumped(text: str, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, max(len(text) - 1, 0)))
        part = text[start : start + data.draw(st.sampled_from((1, 3, 8, 30)))] or data.draw(st.sampled_from(MARKS))
        READERS[name].judge(text[:start] + part * (PUMPED // len(part)) + text[start:])

    pumped()
