"""Databases that settings in YAML name by host or URL: where the program that reads them looks for its records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location, Mapping, Node, Scalar
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.model.secrets import url_host
from scaffold.read.paths import is_test_code

_SETTINGS = regex(
    r"(?:.*/)?(?:settings?|config|configuration|database|application)(?:[._-](?P<profile>[\w.-]+))?\.ya?ml", re.IGNORECASE
)
_TRIED = regex(r"(?:^|[._-])(?:dev|develop|development|local|test|tests|testing|ci|example|sample|template|dist)(?:$|[._-])")
_ENGINES = {
    "postgres": "PostgreSQL",
    "pgsql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "mongo": "MongoDB",
    "sqlserver": "SQL Server",
    "mssql": "SQL Server",
}
_NAMES_DATABASE = regex(r"(?i)(?:^|[._-])(?:database|databases|db|datasource|postgres\w*|mysql|mariadb|mongo\w*)(?:$|[._-])")
_HOST = regex(r"(?P<host>[\w.-]{1,253}|\[?[0-9a-fA-F:]{2,39}\]?)(?::[0-9]{1,5})?")
"""A host with or without its port: what else stands there may hold a login."""
_HOSTS = frozenset({"host", "hostname", "server"})
_URLS = frozenset({"url", "uri", "dsn"})
_ENGINE_KEYS = frozenset({"driver", "type", "engine", "dialect", "adapter", "client", "provider"})
_WORDS = ("database", "db:", "datasource", "postgres", "mysql", "mariadb", "mongo")
_DEEPEST = 12
_MOST_NODES = 20_000


@frozen
class _Value:
    route: tuple[str, ...]
    text: str
    location: Location


def named_stores(files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield `names-database` for each database that settings name by a host (detail: what it is, and the host)."""
    for path in files:
        match = _SETTINGS.fullmatch(path)
        if match is None or "/." in f"/{path}" or is_test_code(path) or _TRIED.search((match["profile"] or "").lower()):
            continue
        text = glance(path)
        if text is not None and any(word in text.lower() for word in _WORDS):
            yield from _of_file(path, text)


def _of_file(path: str, text: str) -> Iterator[CodeFact]:
    from scaffold.read.yaml import parse_documents

    for document in parse_documents(path, text)[0]:
        values = list(_flat(document.root))
        engines = {value.route[:-1]: value.text for value in values if value.route[-1].lower() in _ENGINE_KEYS}
        for value in values:
            host = _host(value)
            engine = _engine(value, engines) if host else ""
            if engine:
                yield CodeFact("names-database", f"{engine} {host}", value.location)


def _host(value: _Value) -> str:
    """Return the host of a database that a value names, "" for another value and for one that a variable gives."""
    last = value.route[-1].lower()
    if "$" in value.text or "{" in value.text or not value.text.strip():
        return ""
    if last in _HOSTS and any(_NAMES_DATABASE.search(part) for part in value.route[:-1]):
        match = _HOST.fullmatch(value.text.strip())
        return match["host"] if match else ""
    return (url_host(value.text.removeprefix("jdbc:")) or "") if last in _URLS else ""


def _engine(value: _Value, engines: dict[tuple[str, ...], str]) -> str:
    """Return what kind of database it is: by its URL, by a key beside it or above, or by the names above; "" for no server."""
    if "://" in value.text:
        scheme = value.text.removeprefix("jdbc:").partition("://")[0].lower()
        return next((name for word, name in _ENGINES.items() if scheme.startswith(word)), "")
    beside = (engines[value.route[:size]] for size in range(len(value.route) - 1, 0, -1) if value.route[:size] in engines)
    said = next(beside, "").lower()
    if "sqlite" in said or "h2" in said.split(":"):
        return ""
    names = (said, *(part.lower() for part in value.route[:-1]))
    return next((name for text in names for word, name in _ENGINES.items() if word in text), "database")


def _flat(root: Node | None) -> Iterator[_Value]:
    pending: list[tuple[tuple[str, ...], Node | None]] = [((), root)]
    for _ in range(_MOST_NODES):  # Aliases of aliases stand for more nodes than a file has.
        if not pending:
            return
        route, node = pending.pop()
        if isinstance(node, Scalar) and route:
            yield _Value(route, node.value, node.location)
        elif isinstance(node, Mapping) and len(route) < _DEEPEST:
            pending += [((*route, entry.key.value), entry.value) for entry in reversed(node.entries)]
