"""Which commands of a step count, and which of them the step forgives."""

from __future__ import annotations

import pytest

from scaffold.gaps.test_commands import ran


@pytest.mark.parametrize(
    ("line", "forgiven"),
    [
        ("pytest", False),
        ("pytest || true", True),
        ("pytest 2>&1 || true", True),
        ("pytest | tee log.txt || true", True),
        ("npm run build && pytest || true", True),
        ("pytest; ls || true", False),
        ("pytest && ls", False),
        ("pytest | tee log.txt", False),
        ("pytest || echo failed >> $GITHUB_OUTPUT", False),
        ("pytest || true; ls || exit 1", False),
    ],
)
def test_a_failure_is_forgiven_by_what_follows_it(line: str, forgiven: bool) -> None:
    found = next(item for item in ran(line) if "pytest" in item.text)
    assert found.is_forgiven is forgiven


def test_a_redirection_ends_no_command() -> None:
    assert [item.text.strip() for item in ran("pytest -q 2>&1 | tee log.txt")] == ["pytest -q 2>&1", "tee log.txt"]
