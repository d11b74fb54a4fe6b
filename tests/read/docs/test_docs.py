"""Pages: their headings and the commands in their shell blocks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaffold.read.docs import is_doc, read_doc


def headings(text: str, path: str = "README.md") -> list[tuple[int, str, int]]:
    return [(item.level, item.text, item.location.line) for item in read_doc(path, text)[0].headings]


def commands(text: str, path: str = "README.md") -> list[tuple[str, int]]:
    return [(item.text, item.location.line) for item in read_doc(path, text)[1]]


def test_headings_of_markdown() -> None:
    text = "# One #\n\nTitle\n=====\n\nPart\n---\n\n```sh\n# no heading\n```\n### Three\n####### seven\n#hashtag\nlast line\n\n---\n"
    assert headings(text) == [(1, "One", 1), (1, "Title", 3), (2, "Part", 6), (3, "Three", 12)]


def test_front_matter_and_tables_are_no_headings() -> None:
    assert headings("---\ntitle: x\n---\n\n| a | b |\n---\n") == []


def test_commands_of_fenced_blocks() -> None:
    text = (
        "```bash\n# first\ndocker compose \\\n  -f a.yml up\n\nmake test\n```\n"
        "~~~console\n$ make up\nStarted.\n$ curl localhost\n~~~\n"
        "```python\nimport os\n```\n"
        '```\nnpm run dev\n{"a": 1}\n```\n'
        "- item\n  ```sh\n  make lint\n  ```\n"
        "```yaml\nservices: {}\n```\n"
    )
    assert commands(text) == [
        ("docker compose -f a.yml up", 3),
        ("make test", 6),
        ("make up", 9),
        ("curl localhost", 11),
        ("npm run dev", 17),
        ("make lint", 22),
    ]


def test_a_block_that_never_closes() -> None:
    assert commands("```sh\nmake a\nmake b\n") == [("make a", 2), ("make b", 3)]


def test_a_longer_fence_holds_a_shorter_one() -> None:
    assert commands("````\n```\nmake a\n```\n````\n") == [("make a", 3)]


def test_restructured_text() -> None:
    text = "Guide\n=====\n\nDeploy\n------\n\n.. code-block:: bash\n   :linenos:\n\n   make deploy\n\nThen::\n\n    make check\n    some words\n\nOther\n-----\n"
    assert headings(text, "docs/guide.rst") == [(1, "Guide", 1), (2, "Deploy", 4), (2, "Other", 17)]
    assert commands(text, "docs/guide.rst") == [("make deploy", 10), ("make check", 14)]


@pytest.mark.parametrize(
    ("path", "yes"), [("README", True), ("README.md", True), ("docs/a.rst", True), ("notes.txt", False), ("a.py", False)]
)
def test_which_files_are_pages(path: str, yes: bool) -> None:
    assert is_doc(path) is yes


@given(st.text(alphabet=st.sampled_from("#`~$=- \nmake\r:.|"), max_size=150) | st.text(max_size=120))
def test_any_text_is_read_with_places_inside_it(text: str) -> None:
    lines = text.split("\n")
    for path in ("README.md", "a.rst"):
        page, listed = read_doc(path, text)
        for place in [*(item.location for item in page.headings), *(item.location for item in listed)]:
            assert 1 <= place.line <= len(lines)
            assert 1 <= place.column <= len(lines[place.line - 1]) + 1
