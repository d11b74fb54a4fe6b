"""Which packages of others Python programs import before they serve: the first statements of the modules that a start loads."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from scaffold.model.document import Location
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.reach import ModuleGraph, absolute_module, entry_files, module_graph, packages_above

_STATEMENT = regex(
    r"^(?:from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]+(?:\((?P<many>[^)]{0,4000})\)|(?P<names>[^\n#(]+))"
    r"|import[ \t]+(?P<plain>[\w., \t]+))",
    re.MULTILINE,
)
"""An import that stands in the first column, and so under no condition and in no function."""
_LONG_TEXT = regex(r"(?s)\"\"\".*?\"\"\"|'''.*?'''", words=('"""', "'''"))
_SHOWN = regex(r"[^\n]")
_COMMENT = regex(r"#[^\n]*")
_MOST_STARTS = 8
"""Files that an entry may mean, at most: more have a name that says nothing."""


_Import = tuple[str, tuple[str, ...], Location]
"""A module, the names that are taken from it, and where the statement stands."""


def starting_imports(entries: Iterable[str], files: Iterable[str], text_of: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `starts-with` fact for each package that a program imports as it starts; detail: the entry as the command names
    it, the file that this means, and the package's first name.
    """
    graph = module_graph(files)

    @cache
    def read(path: str) -> tuple[_Import, ...]:
        return tuple(_read(path, text_of(path) or ""))

    for entry in entries:
        starts = entry_files(graph, entry)
        for start in starts if len(starts) <= _MOST_STARTS else ():
            root = _root(entry, start)
            for package, place in _packages(graph, start, root, read) if root is not None else ():
                yield CodeFact("starts-with", f"{entry} {start} {package}", place)


def _root(entry: str, start: str) -> str | None:
    """Return the folder from which the modules of a program are named, None where it cannot be told."""
    if entry.endswith(".py"):
        return posixpath.dirname(start)
    parts = start.removesuffix(".py").removesuffix("/__init__").removesuffix("/__main__").split("/")
    words = entry.split(".")
    return "/".join(parts[: -len(words)]) if parts[-len(words) :] == words else None


def _packages(
    graph: ModuleGraph, start: str, root: str, read: Callable[[str], tuple[_Import, ...]]
) -> Iterator[tuple[str, Location]]:
    """Yield each package of others that a file and what it loads import, and the first place that does."""
    seen: set[str] = set()
    told: set[str] = set()
    pending = [start]
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        pending += [init for init in packages_above(graph, path) if not root or init.startswith(f"{root}/")]
        for module, names, place in read(path):
            relative = module.startswith(".")
            name = absolute_module(module, posixpath.dirname(path)) if relative else posixpath.join(root, module)
            pending += _own(graph, name.replace(".", "/"), names, root)
            top = module.partition(".")[0]
            if top and top not in told and top not in graph.by_name and top not in sys.stdlib_module_names:
                told.add(top)
                yield top, place


def _read(path: str, text: str) -> Iterator[_Import]:
    bare = _LONG_TEXT.sub(lambda match: _SHOWN.sub(" ", match[0]), text)
    places = Places(path, text)
    for match in _STATEMENT.finditer(bare):
        place = places.at(match.start())
        if match["plain"]:
            yield from ((word.split()[0], (), place) for word in match["plain"].split(",") if word.split())
        elif match["module"]:
            words = _COMMENT.sub("", match["many"] or match["names"] or "").split(",")
            yield match["module"], tuple(word.split()[0] for word in words if word.split()), place


def _own(graph: ModuleGraph, path: str, names: tuple[str, ...], root: str) -> Iterator[str]:
    """Yield the files of the project that an import loads: the module with the packages above it, and the modules that it is
    asked for by name.
    """
    parts = path.split("/")
    wanted = ["/".join(parts[:end]) for end in range(len(root.split("/")) + 1 if root else 1, len(parts) + 1)]
    wanted += [f"{path}/{name}" for name in names]
    for name in wanted:
        yield from (found for found in (f"{name}.py", f"{name}/__init__.py") if found in graph.paths)
