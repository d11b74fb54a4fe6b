"""Which Python modules served code reaches: the graph of imports from the modules that containers start."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_IMPORT = regex(
    r"^[ \t]*(?:from[ \t]+(?P<module>[\w.]+)[ \t]+import[ \t]+(?:\((?P<many>[^)]*)\)|(?P<names>[^\n#(]+))"
    r"|import[ \t]+(?P<plain>[\w., \t]+))",
    re.MULTILINE,
)
_DOTTED_TEXT = regex(r"[\"']([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?::\w+)?[\"']")
_MODULE_FLAG = regex(r"(?:^|\s)-m\s+([\w.]+)")
_SERVED = regex(r"(?:^|[\s\"'])([A-Za-z_][\w.-]*):(?:[A-Za-z_]\w*)(?:\(\))?(?=$|[\s\"'])")
_WORKER = regex(r"(?:^|\s)(?:-A|--app)(?:\s+|=)([A-Za-z_][\w.]*)")
_FILE = regex(r"(?:^|[\s/])((?:[\w-]+/)*[\w-]+\.py)(?=$|\s)")
_DEEPEST = 30
"""Parts of a dotted name that may be a module of the project."""
_FASTAPI_DEFAULTS = ("main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py")
"""Where `fastapi run` looks for the app when no file is named (fastapi.tiangolo.com/fastapi-cli)."""
_RUNNERS = frozenset(
    {"uvicorn", "gunicorn", "hypercorn", "celery", "daphne", "flask", "fastapi", "granian", "rq", "dramatiq", "arq", "python"}
)


@frozen
class ModuleGraph:
    """The Python files of a project by their dotted names; a file answers to every ending of its path."""

    paths: frozenset[str]
    by_name: dict[str, tuple[str, ...]]

    def find(self, module: str, near: str = "") -> str | None:
        """Return the file of a module, the one nearest to the folder `near` when several answer."""
        found = self.by_name.get(module, ())
        return max(found, key=lambda path: (_shared(path, near), -len(path)), default=None)


def _shared(path: str, near: str) -> int:
    count = 0
    for first, second in zip(path.split("/")[:-1], near.split("/"), strict=False):
        if first != second:
            break
        count += 1
    return count


def module_graph(paths: Iterable[str]) -> ModuleGraph:
    """Return the graph's names for the Python files in `paths`."""
    by_name: dict[str, list[str]] = {}
    listed = sorted(path for path in paths if path.endswith(".py"))
    for path in listed:
        parts = path.removesuffix(".py").split("/")
        if parts[-1] == "__init__":
            parts.pop()
        for start in range(len(parts)):
            by_name.setdefault(".".join(parts[start:]), []).append(path)
    return ModuleGraph(frozenset(listed), {name: tuple(found) for name, found in by_name.items()})


def entry_modules(command: str) -> tuple[str, ...]:
    """Return the modules and files that a command starts: `uvicorn app.main:app`, `celery -A app worker`, `python -m app`."""
    words = {word.rpartition("/")[2] for word in re.split(r"[\s\"']+", command)}
    if not any(word.rstrip("0123456789.") in _RUNNERS for word in words) and ".py" not in command:
        return ()
    found = [match[1] for pattern in (_SERVED, _WORKER, _FILE) for match in pattern.finditer(command)]
    if "fastapi" in words and not found:
        found = list(_FASTAPI_DEFAULTS)
    started = [match[1] for match in _MODULE_FLAG.finditer(command)]
    return tuple(dict.fromkeys([*found, *(module for module in started if module not in _RUNNERS and module != "pip")]))


def reachable(
    graph: ModuleGraph, entries: Iterable[str], text_of: Callable[[str], str | None], wanted: frozenset[str] | None = None
) -> frozenset[str] | None:
    """Return the files that the entries reach by imports, or None when no entry is a file of the project.

    The search ends early when all `wanted` files are reached.
    """
    starts = [path for entry in entries for path in entry_files(graph, entry)]
    if not starts:
        return None
    seen: set[str] = set()
    pending = list(starts)
    while pending and not (wanted is not None and wanted <= seen):
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        pending += packages_above(graph, path)
        pending += _imported(graph, path, text_of(path) or "")
    return frozenset(seen)


def entry_files(graph: ModuleGraph, entry: str) -> tuple[str, ...]:
    """Return every file that an entry may mean: which folder a container calls its root is not known here."""
    if entry.endswith(".py"):
        ends = {"/".join(entry.split("/")[start:]) for start in range(entry.count("/") + 1)}
        return tuple(sorted(path for path in graph.paths if path in ends or path.endswith(f"/{entry}")))
    return graph.by_name.get(f"{entry}.__main__", ()) or graph.by_name.get(entry, ())


def packages_above(graph: ModuleGraph, path: str) -> list[str]:
    """Return the __init__.py of every package that holds the file: importing it runs them."""
    folders = path.split("/")[:-1]
    inits = ("/".join([*folders[: index + 1], "__init__.py"]) for index in range(len(folders)))
    return [init for init in inits if init in graph.paths]


def _imported(graph: ModuleGraph, path: str, text: str) -> list[str]:
    folder = path.rpartition("/")[0]
    names: set[str] = set()
    for match in _IMPORT.finditer(text):
        if match["plain"]:
            names.update(word.split()[0] for word in match["plain"].split(",") if word.split())
            continue
        module = absolute_module(match["module"], folder)
        words = re.sub(r"#[^\n]*", "", match["many"] or match["names"] or "").replace("\n", " ").split(",")
        listed = [word.split()[0] for word in words if word.split()]
        names.add(module)
        names.update(f"{module}.{name}" if module else name for name in listed)
    # A module may be named in a text: `include=["app.tasks"]`, `uvicorn.run("app.main:app")`, Django's settings.
    names.update(match[1] for match in _DOTTED_TEXT.finditer(text))
    found = (graph.find(_known(name, graph), folder) for name in names)
    return [item for item in found if item is not None]


def _known(name: str, graph: ModuleGraph) -> str:
    """Return the longest beginning of a dotted name that is a module: the rest are names inside it."""
    parts = name.split(".")
    for end in range(min(len(parts), _DEEPEST), 1, -1):
        if ".".join(parts[:end]) in graph.by_name:
            return ".".join(parts[:end])
    return parts[0]


def absolute_module(module: str, folder: str) -> str:
    """Return a relative import as the dotted path from the project's root."""
    dots = len(module) - len(module.lstrip("."))
    if not dots:
        return module
    parts = folder.split("/") if folder else []
    kept = parts[: len(parts) - (dots - 1)]
    return ".".join([*kept, *filter(None, module.lstrip(".").split("."))])
