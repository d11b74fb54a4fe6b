"""`@frozen`: the values of `@dataclass(frozen=True, slots=True)`, with methods that are shared or written at first use.

`dataclass` writes and compiles six functions a class, 0.4 to 1 ms each time; for the classes of `gaps` a third of its run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """Make a class whose values never change, hold nothing but their fields, and compare and hash by them.

    `replace` and `fields` of `dataclasses` take them; fields are not inherited.
    """
    return _made(cls, _SHARED)


@dataclass_transform(field_specifiers=(field,))
def changing(cls: type[_T]) -> type[_T]:
    """Make a class like `frozen` does whose values change, for what a reader keeps while it reads: each equals itself alone."""
    return _made(cls, {"__repr__": _repr})


def _made(cls: type[_T], shared: dict[str, Callable[..., Any]]) -> type[_T]:
    written = vars(cls)
    names = tuple(written.get("__annotations__", ()))
    rest = {name: value for name, value in written.items() if name not in {*names, "__dict__", "__weakref__"}}
    declared = {name: written.get(name, MISSING) for name in names}
    own = {"__slots__": names, "__match_args__": names, "__declared__": declared, "__dataclass_fields__": _FIELDS}
    made = type(cls.__name__, cls.__bases__, {**rest, **shared, **own})
    made.__qualname__ = cls.__qualname__
    setattr(made, "__init__", _init_at_use(made))  # noqa: B010 - mypy refuses the assignment of a method
    return cast("type[_T]", made)


class _FieldsAtFirstUse:
    """Stands for what `dataclasses` knows of a class, which a standard dataclass of the same fields tells."""

    def __get__(self, _: object, owner: type) -> dict[str, Field[Any]]:
        declared = {name: value for name, value in _declared(owner).items() if value is not MISSING}
        # With a docstring: for a class without one `dataclass` works out its signature, with the tokenizer of Python.
        namespace = {
            "__annotations__": owner.__annotations__,
            "__module__": owner.__module__,
            "__doc__": owner.__name__,
            **declared,
        }
        twin: Any = dataclass(init=False, repr=False, eq=False)(type(owner.__name__, (), namespace))
        found: dict[str, Field[Any]] = twin.__dataclass_fields__
        setattr(owner, "__dataclass_fields__", found)  # noqa: B010 - it is no attribute that mypy knows
        return found


_FIELDS = _FieldsAtFirstUse()
_FEW = 8
"""Values of a class that are set field by field before a function is written for it."""


def _declared(cls: type) -> dict[str, Any]:
    """Return what stands behind each annotated name in the class: a default, a `field(...)`, or MISSING."""
    found: dict[str, Any] = getattr(cls, "__declared__")  # noqa: B009 - it is no attribute that mypy knows
    return found


def _names(cls: type, flag: str) -> list[str]:
    """Return the fields that are not left out by `field(compare=False)` or `field(repr=False)`."""
    return [name for name, value in _declared(cls).items() if not isinstance(value, Field) or getattr(value, flag)]


def _init_at_use(cls: type) -> Callable[..., None]:
    """Return an `__init__` that sets the first few values field by field, and then writes itself a function.

    Half of the classes of a run have a handful of values: compiling a function for them takes longer than all of these.
    """
    names = tuple(_declared(cls))
    left = _FEW

    def __init__(self: object, *args: object, **kwargs: object) -> None:  # noqa: N807 - its name in a traceback
        nonlocal left
        left -= 1
        given = dict(zip(names, args, strict=False)) | kwargs
        if left < 0 or len(given) < len(args) + len(kwargs) or not _set_each(cls, self, given):
            init = _init_of(cls)
            setattr(cls, "__init__", init)  # noqa: B010 - mypy refuses the assignment of a method
            init(self, *args, **kwargs)

    return __init__


def _set_each(cls: Any, made: Any, given: dict[str, object]) -> bool:
    """Set every field of a value, and return whether `given` are such as its class takes."""
    taken = 0
    for name, written in _declared(cls).items():
        if name in given:
            value = given[name]
            taken += 1
        elif not isinstance(written, Field):
            value = written
        else:
            value = written.default if written.default_factory is MISSING else written.default_factory()
        if value is MISSING:
            return False
        getattr(cls, name).__set__(made, value)
    if taken < len(given):
        return False
    if hasattr(cls, "__post_init__"):
        made.__post_init__()
    return True


def _init_of(cls: type) -> Callable[..., None]:
    """Return the function that a caller would write by hand: one parameter a field, then `__post_init__` where there is one."""
    names: dict[str, Any] = {"MISSING": MISSING}
    parameters = ["self"]
    body = []
    for name, written in _declared(cls).items():
        names[f"set_{name}"] = getattr(cls, name).__set__
        default = written.default if isinstance(written, Field) else written
        value = name
        if default is not MISSING:
            names[f"default_{name}"] = default
            parameters.append(f"{name}=default_{name}")
        elif isinstance(written, Field) and written.default_factory is not MISSING:
            names[f"make_{name}"] = written.default_factory
            parameters.append(f"{name}=MISSING")
            value = f"make_{name}() if {name} is MISSING else {name}"
        else:
            parameters.append(name)
        body.append(f"set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    exec(f"def __init__({', '.join(parameters)}):\n " + "\n ".join(body or ["pass"]), names)  # noqa: S102 - names of our own fields
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


@cache
def _compared(cls: type) -> Callable[[Any], object]:
    """Return the function that gives what a value compares and hashes by."""
    names = _names(cls, "compare")
    return attrgetter(*names) if names else lambda _: ()


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    key = _compared(self.__class__)
    return key(self) == key(other)


def _hash(self: Any) -> int:
    return hash(_compared(self.__class__)(self))


def _repr(self: Any) -> str:
    shown = (f"{name}={getattr(self, name)!r}" for name in _names(self.__class__, "repr"))
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
