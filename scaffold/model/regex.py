"""Regular expressions that are compiled at first use: of the three hundred that `gaps` imports, a run needs a third."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast


class _AtFirstUse:
    """Stands for a pattern, and takes over its methods as they are asked for."""

    def __init__(self, source: str, flags: int) -> None:
        self._source = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(re.compile(self._source, self._flags), name)
        self.__dict__[name] = value
        return value


def regex(source: str, flags: int = 0) -> re.Pattern[str]:
    """Return what `re.compile` returns, compiled later; for its methods only, not as an argument of the functions of `re`."""
    return cast("re.Pattern[str]", _AtFirstUse(source, flags))


@contextmanager
def compiled_at_first_use() -> Iterator[None]:
    """Have the patterns of a library that is imported meanwhile compiled later as well."""
    at_once = re.compile
    setattr(re, "compile", regex)  # noqa: B010 - mypy refuses the assignment of a function
    try:
        yield
    finally:
        setattr(re, "compile", at_once)  # noqa: B010
