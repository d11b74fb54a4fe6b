"""Which packages of others Python programs import before they serve: the first statements of the modules that a start loads."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.reach import ModuleGraph, absolute_module, entry_files, module_graph, packages_above

_STATEMENT = regex(
    r"^(?:from[ \t]+(?P<module>\.*[\w.]*)[ \t]+import[ \t]+(?:\((?P<many>[^)]*)\)|(?P<names>[^\n#(]+))|import[ \t]+(?P<plain>[\w., \t]+))",
    re.MULTILINE,
)
"""An import that stands in the first column, and so under no condition and in no function."""
_LONG_TEXT = regex(r"(?s)\"\"\".*?\"\"\"|'''.*?'''", words=('"""', "'''"))
_SHOWN = regex(r"[^\n]")
_COMMENT = regex(r"#[^\n]*")
_MOST_STARTS = 8
"""Files that an entry may mean, at most: more have a name that says nothing."""


_Import = tuple[str, int, tuple[str, ...]]
"""A module, where the statement that imports it stands, and the names that are taken from it."""


def starting_imports(entries: Iterable[str], files: Iterable[str], text_of: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `starts-with` fact for each package that a program imports as it starts; detail: the entry as the command names
    it, the file that this means, and the package's first name.
    """
    graph = module_graph(files)
    known: dict[str, list[_Import]] = {}
    for entry in entries:
        starts = entry_files(graph, entry)
        for start in starts if len(starts) <= _MOST_STARTS else ():
            root = _root(entry, start)
            if root is not None:
                yield from _from(graph, entry, start, root, text_of, known)


def _root(entry: str, start: str) -> str | None:
    """Return the folder from which the modules of a program are named, None where it cannot be told."""
    if entry.endswith(".py"):
        return posixpath.dirname(start)
    parts = start.removesuffix(".py").removesuffix("/__init__").removesuffix("/__main__").split("/")
    words = entry.split(".")
    return "/".join(parts[: -len(words)]) if parts[-len(words) :] == words else None


def _from(  # noqa: PLR0913 - one walk, and what it is handed on
    graph: ModuleGraph, entry: str, start: str, root: str, text_of: Callable[[str], str | None], known: dict[str, list[_Import]]
) -> Iterator[CodeFact]:
    seen: set[str] = set()
    told: set[str] = set()
    pending = [start]
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        text = text_of(path) or ""
        if path not in known:
            known[path] = _read(text)
        pending += [init for init in packages_above(graph, path) if not root or init.startswith(f"{root}/")]
        for module, offset, names in known[path]:
            name = absolute_module(module, posixpath.dirname(path)) if module.startswith(".") else posixpath.join(root, module)
            pending += _own(graph, name.replace("/", "."), names, root)
            top = module.partition(".")[0]
            if top and top not in told and top not in graph.by_name and top not in sys.stdlib_module_names:
                told.add(top)
                yield CodeFact("starts-with", f"{entry} {start} {top}", Places(path, text).at(offset))


def _read(text: str) -> list[_Import]:
    bare = _LONG_TEXT.sub(lambda match: _SHOWN.sub(" ", match[0]), text)
    found: list[_Import] = []
    for match in _STATEMENT.finditer(bare):
        if match["plain"]:
            found += [(word.split()[0], match.start(), ()) for word in match["plain"].split(",") if word.split()]
        elif match["module"]:
            words = _COMMENT.sub("", match["many"] or match["names"] or "").split(",")
            found.append((match["module"], match.start(), tuple(word.split()[0] for word in words if word.split())))
    return found


def _own(graph: ModuleGraph, dotted: str, names: tuple[str, ...], root: str) -> Iterator[str]:
    """Yield the files of the project that an import loads: the module with the packages above it, and the modules that it is
    asked for by name.
    """
    first = len(root.split("/")) if root else 0
    parts = dotted.split(".")
    wanted = ["/".join(parts[:end]) for end in range(first + 1, len(parts) + 1)]
    wanted += [f"{'/'.join(parts)}/{name}" for name in names]
    for path in wanted:
        yield from (found for found in (f"{path}.py", f"{path}/__init__.py") if found in graph.paths)
