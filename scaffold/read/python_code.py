"""Python application code: settings, environment variables and facts of one file, by its tree."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

from scaffold.model.document import Location, Problem
from scaffold.model.project import CodeFact, EnvRead, SettingDefault
from scaffold.read.code import CodeReading, reading
from scaffold.read.python_facts import FactsReader
from scaffold.read.python_guards import refused_names
from scaffold.read.python_settings import SettingsReader, setting_prefixes
from scaffold.read.python_tree import Scope, is_development_name, parse_python, walk

_WORTH_PARSING = re.compile(
    r"environ|getenv|BaseSettings|basicConfig|Formatter|FileHandler|dictConfig|prometheus|# (?:TYPE|HELP) |Celery\(|sentry_sdk"
    r"|opentelemetry|FastAPI\(|Flask\(|Starlette\(|uvicorn|structlog|loguru|decouple|CORSMiddleware|urlpatterns|jsonlog|ddtrace"
    r"|SECRET|PASSWORD|TOKEN|API_KEY"
    r"|@\w+(?:\.\w+)*\.(?:get|post|put|patch|delete|route|api_route)\(|add_(?:api_route|url_rule|route|get)\("
    r"|class \w*(?:Settings|Config)\b"
)
"""Code without any of these words gives nothing; parsing it would only take time."""


def read_python(path: str, text: str) -> tuple[CodeReading, tuple[Problem, ...]]:
    """Return what one Python file gives; code that cannot be parsed is a problem with its line."""
    if not _WORTH_PARSING.search(text) and not re.search(r"(?:settings|config|conf|constants)(?:\.py|/)", path):
        return CodeReading(), ()
    tree = parse_python(text)
    if isinstance(tree, int):
        return CodeReading(), (Problem(Location(path, tree), "cannot be parsed as Python 3"),)
    return _read(path, tree), ()


def _read(path: str, tree: ast.Module) -> CodeReading:
    imports = _imported(tree)
    settings_reader = SettingsReader(path, imports, setting_prefixes(tree))
    facts_reader = FactsReader(path, tree, imports)
    settings: list[SettingDefault] = []
    reads: list[EnvRead] = []
    facts: list[CodeFact] = []
    for node, scope in walk(tree, Scope(guarded=is_development_name(path.rpartition("/")[2].removesuffix(".py")))):
        for found in settings_reader.visit(node, scope):
            if isinstance(found, EnvRead):
                reads.append(found)
            else:
                settings.append(found)
        facts += facts_reader.visit(node, scope)
    refused = refused_names(tree) if settings else frozenset()
    settings = [replace(item, guarded=True) if item.name.lower() in refused else item for item in settings]
    return reading(settings, _without_repeats(reads), facts)


def _without_repeats(reads: list[EnvRead]) -> list[EnvRead]:
    """Keep one read a place: `os.getenv("X") or "y"` shows the same call twice, and needs nothing."""
    found: dict[tuple[str, Location], EnvRead] = {}
    for item in reads:
        key = (item.name, item.location)
        if key not in found or not item.required:
            found[key] = item
    return list(found.values())


def _imported(tree: ast.Module) -> frozenset[str]:
    """Return every module that the file imports, and the packages that hold them."""
    names: set[str] = set()
    for node in ast.walk(tree):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        for module in modules:
            parts = module.split(".")
            names.update(".".join(parts[: index + 1]) for index in range(len(parts)))
    return frozenset(names)
