"""The table of Python distributions holds together: what it says of what an install brings along is complete."""

from __future__ import annotations

from scaffold.gaps.image.python_packages import distribution, packages


def test_what_is_brought_brings_its_own_along() -> None:
    table = packages()
    judged = frozenset().union(*table.imports.values())
    for name, brought in table.brings.items():
        for item in brought:
            assert table.brings.get(item, frozenset()) & judged <= brought | {name}, f"{name} brings {item}"


def test_a_distribution_stands_once_under_its_normal_name() -> None:
    table = packages()
    assert not table.plain & table.brings.keys()
    held = frozenset().union(*table.imports.values())
    assert all(name == distribution(name) for name in (*held, *table.brings, *table.plain))


def test_what_people_know_of_these_packages() -> None:
    table = packages()
    assert "starlette" in table.with_brought(frozenset({"fastapi"}))
    assert "sse-starlette" in table.with_brought(frozenset({"mcp"}))
    assert "aiosqlite" not in table.with_brought(frozenset({"sqlalchemy", "chromadb", "fastapi"}))
    assert table.unknown(frozenset({"fastapi", "house-of-our-own"})) == {"house-of-our-own"}
    assert table.often_brought("requests")
    assert not table.often_brought("stripe")
