"""A frozen value behaves as the standard library's `@dataclass(frozen=True, slots=True)` does."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from scaffold.model.frozen import changing, frozen


def _made(decorate: Callable[[type], type]) -> Any:
    class Point:
        """A point that counts what it refuses."""

        x: int
        tags: tuple[str, ...] = ()
        secret: str = field(default="", repr=False)
        note: str = field(default="", compare=False)
        seen: tuple[int, ...] = field(default_factory=lambda: (1, 2))

        def __post_init__(self) -> None:
            if self.x < 0:
                raise ValueError("negative")

    return decorate(Point)


@pytest.fixture(params=[frozen, dataclass(frozen=True, slots=True)], ids=["ours", "standard"])
def point(request: pytest.FixtureRequest) -> Any:
    return _made(request.param)


def test_values_hold_their_fields_and_defaults(point: Any) -> None:
    value = point(3, ("a",), note="n")
    assert (value.x, value.tags, value.secret, value.note, value.seen) == (3, ("a",), "", "n", (1, 2))
    assert [item.name for item in fields(value)] == ["x", "tags", "secret", "note", "seen"]


def test_fields_that_are_not_compared_change_neither_equality_nor_hash(point: Any) -> None:
    assert point(1, note="a") == point(1, note="b")
    assert hash(point(1, note="a")) == hash(point(1, note="b"))
    assert point(1) != point(2)
    assert point(1) != (1, (), "", (1, 2))
    assert len({point(1), point(1), point(2)}) == 2


def test_equal_fields_of_another_class_are_not_equal() -> None:
    assert _made(frozen)(1) != _made(frozen)(1)


def test_the_text_of_a_value_hides_what_its_field_hides(point: Any) -> None:
    assert repr(point(1, ("t",), secret="shown-never")).endswith("Point(x=1, tags=('t',), note='', seen=(1, 2))")


def test_a_value_never_changes_and_takes_no_other_attribute(point: Any) -> None:
    value = point(1)
    with pytest.raises(FrozenInstanceError):
        value.x = 2
    with pytest.raises(FrozenInstanceError):
        del value.x
    with pytest.raises((AttributeError, TypeError)):
        value.other = 1
    assert not hasattr(value, "__dict__")


def test_replace_makes_another_value_and_runs_the_checks_again(point: Any) -> None:
    value = point(1, ("a",))
    assert replace(value, x=2) == point(2, ("a",))
    with pytest.raises(ValueError, match="negative"):
        replace(value, x=-1)


@pytest.mark.parametrize("arguments", [{}, {"x": 1, "unknown": 2}])
def test_wrong_arguments_are_refused(point: Any, arguments: dict[str, int]) -> None:
    with pytest.raises(TypeError, match="__init__"):
        point(**arguments)


def test_values_are_matched_by_position(point: Any) -> None:
    match point(1, ("a",)):
        case point(x, tags):
            assert (x, tags) == (1, ("a",))


@pytest.mark.parametrize("count", range(12))
def test_the_last_values_of_a_class_are_made_as_the_first_ones(count: int) -> None:
    """The first few are set field by field, the others by a function that is written for them."""
    ours, standard = _made(frozen), _made(dataclass(frozen=True, slots=True))
    for number in range(count):
        ours(number)
    assert repr(ours(3, secret="s", note="n")) == repr(standard(3, secret="s", note="n"))
    for wrong in ({}, {"x": 1, "unknown": 2}, {"tags": ()}):
        with pytest.raises(TypeError, match="__init__"):
            ours(**wrong)
    with pytest.raises(TypeError, match="__init__"):
        ours(1, (), "", "", (), 6)
    with pytest.raises(TypeError, match="__init__"):
        ours(1, x=2)
    with pytest.raises(ValueError, match="negative"):
        ours(-1)


def test_the_parameters_are_known_once_values_were_made() -> None:
    point = _made(frozen)
    for number in range(12):
        point(number)
    assert list(inspect.signature(point).parameters) == ["x", "tags", "secret", "note", "seen"]


def test_a_changing_value_takes_what_it_is_given_and_equals_itself_alone() -> None:
    class Counter:
        count: int = 0
        seen: list[int] = field(default_factory=list)

    made: Any = changing(Counter)
    first, second = made(), made(seen=[1])
    first.count += 1
    first.seen.append(2)
    assert repr(first).endswith("Counter(count=1, seen=[2])")
    assert (second.count, second.seen) == (0, [1])
    assert first != made(1, [2])
    assert len({first, second}) == 2
    with pytest.raises(AttributeError):
        first.other = 1
