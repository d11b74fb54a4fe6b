"""Regular expressions that are compiled at first use: of the three hundred that `gaps` imports, a run needs a third."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, cast

from scaffold.model.compiled_patterns import compiled


class _AtFirstUse:
    """Stands for a pattern, and takes over its methods as they are asked for."""

    def __init__(self, source: str, flags: int) -> None:
        self.pattern = source
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._pattern, name)
        self.__dict__[name] = value
        return value

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return compiled(self.pattern, self._flags)


class _WhereAWordIs(_AtFirstUse):
    """A pattern that is compiled and looked for only in texts with one of the words."""

    def __init__(self, source: str, flags: int, words: tuple[str, ...]) -> None:
        super().__init__(source, flags)
        self.words = words
        self.folds = bool(flags & re.IGNORECASE) or source.startswith(("(?i)", "(?im)", "(?is)"))

    def _may_match(self, text: str) -> bool:
        searched = text.lower() if self.folds else text
        # No generator: this is asked of hundreds of thousands of lines.
        for word in self.words:  # noqa: SIM110
            if word in searched:
                return True
        return False

    def search(self, text: str, *span: int) -> re.Match[str] | None:
        return self._pattern.search(text, *span) if self._may_match(text) else None

    def match(self, text: str, *span: int) -> re.Match[str] | None:
        return self._pattern.match(text, *span) if self._may_match(text) else None

    def fullmatch(self, text: str, *span: int) -> re.Match[str] | None:
        return self._pattern.fullmatch(text, *span) if self._may_match(text) else None

    def finditer(self, text: str, *span: int) -> Iterator[re.Match[str]]:
        return self._pattern.finditer(text, *span) if self._may_match(text) else iter(())

    def findall(self, text: str, *span: int) -> list[Any]:
        return self._pattern.findall(text, *span) if self._may_match(text) else []


def regex(source: str, flags: int = 0, *, words: tuple[str, ...] = ()) -> re.Pattern[str]:
    """Return what `re.compile` returns, compiled later; for its methods only, not as an argument of the functions of `re`.

    With `words`, texts without one of them are not searched: each text that the pattern is in holds one, in lower case where
    the pattern takes both. To look for a word takes a tenth of the time, and most small projects hold none.
    """
    return cast("re.Pattern[str]", _WhereAWordIs(source, flags, words) if words else _AtFirstUse(source, flags))


@contextmanager
def compiled_at_first_use() -> Iterator[None]:
    """Have the patterns of a library that is imported meanwhile compiled later as well."""
    at_once = re.compile
    setattr(re, "compile", regex)  # noqa: B010 - mypy refuses the assignment of a function
    try:
        yield
    finally:
        setattr(re, "compile", at_once)  # noqa: B010
