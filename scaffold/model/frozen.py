"""`@frozen`: the values of `@dataclass(frozen=True, slots=True)`, with methods that are shared or written at first use.

`dataclass` writes and compiles six functions a class, 0.4 to 1 ms each time; for the 120 classes of `gaps` a third of its run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make a dataclass whose values never change, hold nothing but their fields, and compare and hash by them."""
    made = dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    for name, method in {**_SHARED, "__init__": _init_at_first_use(made)}.items():
        setattr(made, name, method)
    return made


def _init_at_first_use(cls: type) -> Callable[..., None]:
    def __init__(self: object, *args: object, **kwargs: object) -> None:  # noqa: N807 - its name in a traceback
        init = _init_of(cls)
        setattr(cls, "__init__", init)  # noqa: B010 - mypy refuses the assignment of a method
        init(self, *args, **kwargs)

    return __init__


def _init_of(cls: type) -> Callable[..., None]:
    """Return the function that a caller would write by hand: one parameter a field, then `__post_init__` where there is one."""
    names: dict[str, Any] = {"MISSING": MISSING}
    parameters = ["self"]
    body = []
    for item in fields(cls):
        names[f"set_{item.name}"] = getattr(cls, item.name).__set__
        value = item.name
        if item.default is not MISSING:
            names[f"default_{item.name}"] = item.default
            parameters.append(f"{item.name}=default_{item.name}")
        elif item.default_factory is not MISSING:
            names[f"make_{item.name}"] = item.default_factory
            parameters.append(f"{item.name}=MISSING")
            value = f"make_{item.name}() if {item.name} is MISSING else {item.name}"
        else:
            parameters.append(item.name)
        body.append(f"set_{item.name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(body or ["pass"]), names)  # noqa: S102 - names of our own fields
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@cache
def _compared(cls: type) -> Callable[[Any], object]:
    """Return the function that gives what a value compares and hashes by."""
    names = [item.name for item in fields(cls) if item.compare]
    return attrgetter(*names) if names else lambda _: ()


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    key = _compared(self.__class__)
    return key(self) == key(other)


def _hash(self: Any) -> int:
    return hash(_compared(self.__class__)(self))


def _repr(self: Any) -> str:
    shown = (f"{item.name}={getattr(self, item.name)!r}" for item in fields(self) if item.repr)
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _refuse_to_set(_: object, name: str, __: object) -> None:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


_SHARED: dict[str, Callable[..., Any]] = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
}
