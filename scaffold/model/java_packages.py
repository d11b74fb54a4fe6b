"""Paths of Java code: the folders of its package are a name and say nothing about what the code is for."""

from __future__ import annotations

from scaffold.model.regex import regex

_SOURCES = regex(r"(?:^|/)src/main/(?:java|kotlin|scala|groovy)/")


def without_package(path: str) -> str:
    """Return a path without the folders of a package: `com/example/demo` is what the generators of projects propose."""
    sources = _SOURCES.search(path)
    return f"{path[: sources.end()]}{path.rpartition('/')[2]}" if sources else path
