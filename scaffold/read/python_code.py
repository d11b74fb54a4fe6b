"""Python application code: settings, environment variables and facts of one file, by its tree."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from scaffold.model.document import Location, Problem
from scaffold.model.project import EnvRead, SettingDefault
from scaffold.model.regex import regex
from scaffold.read.code import CodeReading, reading
from scaffold.read.python_facts import FactsReader
from scaffold.read.python_guards import refused_names
from scaffold.read.python_routes import RoutesReader
from scaffold.read.python_settings import SettingsReader
from scaffold.read.python_tree import Tree, is_development_name, parse_python

_DEEPEST = 30
"""Parts of a module's name that can be packages that anybody asks for."""
_SETTINGS_PATH = regex(r"(?:settings|config|conf|constants|configuration)(?:\.py$|/)", re.IGNORECASE)


def read_python(path: str, text: str) -> tuple[CodeReading, tuple[Problem, ...]]:
    """Return what one Python file gives; code that cannot be parsed is a problem with its line."""
    # In a settings module every assignment counts, and any condition may refuse a default.
    whole = "BaseSettings" in text or bool(_SETTINGS_PATH.search(path))
    development = is_development_name(path.rpartition("/")[2].removesuffix(".py"))
    tree = parse_python(text, guarded=development, whole=whole)
    if isinstance(tree, int):
        line = min(tree, text.count("\n") + 1)  # Python may count the end of a file as lines of its own
        return CodeReading(), (Problem(Location(path, line), "cannot be parsed as Python 3; its settings are not looked at"),)
    return _read(path, tree), ()


def _read(path: str, tree: Tree) -> CodeReading:
    imports = _imported(tree)
    reader = SettingsReader(path, tree, imports)
    found = tuple(reader.found())
    reads = [item for item in found if isinstance(item, EnvRead)]
    settings = [item for item in found if isinstance(item, SettingDefault)]
    refused = refused_names(tree) if settings else frozenset()
    settings = [
        replace(item, guarded=True) if {item.name.lower(), reader.fields.get(item.name, "").lower()} & refused else item
        for item in settings
    ]
    found_here = reading(settings, _without_repeats(reads), list(FactsReader(path, tree, imports).found()))
    return replace(found_here, routing=RoutesReader(path, tree).routing())


def _without_repeats(reads: list[EnvRead]) -> list[EnvRead]:
    """Keep one read a place: `os.getenv("X") or "y"` shows the same call twice, and needs nothing."""
    found: dict[tuple[str, Location], EnvRead] = {}
    for item in reads:
        key = (item.name, item.location)
        if key not in found or not item.required:
            found[key] = item
    return list(found.values())


def _imported(tree: Tree) -> frozenset[str]:
    """Return every module that the file imports, and the packages that hold them."""
    modules = [alias.name for node, _ in tree.of(ast.Import) for alias in node.names]
    modules += [node.module for node, _ in tree.of(ast.ImportFrom) if node.module and not node.level]
    names: set[str] = set()
    for module in modules:
        parts = module.split(".")
        names.update(".".join(parts[: index + 1]) for index in range(min(len(parts), _DEEPEST)))
    return frozenset(names)
