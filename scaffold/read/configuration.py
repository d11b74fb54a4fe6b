"""The user's scaffold.yaml: every key checked, every mistake told with its line."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from scaffold.errors import UsageError
from scaffold.model.configuration import Configuration, Ignore
from scaffold.model.document import Entry, Location, Mapping, Node, Scalar, Sequence
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.regex import regex
from scaffold.read.compose.reader import join
from scaffold.read.yaml import parse_documents, resolve

_REGION = regex(r"[a-z]{2}(?:-[a-z]+)+-\d")
_CODE = regex(r"[A-Z0-9]{3}\d{3}")
_ENVIRONMENT = regex(r"(?=.{1,12}\Z)[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
"""What AWS takes in every name: a replication group has 40 characters for project, environment and store."""
_COMPUTE = ("eks", "ecs")
_REDIS = ("elasticache", "memorydb")
_MOST_YAML_BYTES = 64 * 1024 * 1024
_Enum = TypeVar("_Enum", bound=StrEnum)


def read_configuration(path: str, text: str) -> Configuration:
    """Return the checked configuration; raises UsageError that names line and key of the first mistake."""
    documents, problems = parse_documents(path, text)
    if problems:
        raise UsageError(problems[0].message, where=_where(problems[0].location))
    roots = [document.root for document in documents if document.root is not None]
    if not roots or (isinstance(roots[0], Scalar) and not roots[0].value):
        return Configuration()
    if len(roots) > 1:
        raise UsageError("must be one YAML document", where=_where(roots[1].location))
    values: dict[str, object] = {}
    for entry in _entries(roots[0], "the file"):
        field, reader = _keyed(_KEYS, entry, "")
        values[field] = reader(entry)
    return Configuration(**values)  # type: ignore[arg-type]


def _where(location: Location) -> str:
    return f"{location.path}:{location.line}"


def _fail(node: Node, message: str, hint: str = "") -> UsageError:
    return UsageError(message, where=_where(node.location), hint=hint)


def _entries(node: Node, what: str) -> tuple[Entry, ...]:
    if not isinstance(node, Mapping):
        raise _fail(node, f"{what} must be a mapping of keys and values")
    for repeated in node.duplicates():
        raise _fail(repeated.key, f"the key `{repeated.key.value}` stands here twice")
    return node.entries


_T = TypeVar("_T")


def _keyed(table: dict[str, _T], entry: Entry, inside: str) -> _T:
    found = table.get(entry.key.value)
    if found is None:
        raise _fail(entry.key, f"unknown key `{entry.key.value[:60]}`{inside}", _suggestion(entry.key.value, table))
    return found


def _suggestion(word: str, known: dict[str, _T]) -> str:
    import difflib

    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known keys: {', '.join(known)}"


def _text(entry: Entry) -> str:
    value = resolve(entry.value) if isinstance(entry.value, Scalar) else None
    if not isinstance(value, str) or not value.strip():
        raise _fail(entry.value, f"`{entry.key.value}` must be a text")
    return value


def _one_of(*choices: str) -> Callable[[Entry], str]:
    def read(entry: Entry) -> str:
        value = _text(entry)
        if value not in choices:
            raise _fail(entry.value, f"`{entry.key.value}` must be one of {', '.join(choices)}")
        return value

    return read


def _matching(pattern: re.Pattern[str], example: str) -> Callable[[Entry], str]:
    def read(entry: Entry) -> str:
        value = _text(entry)
        if not pattern.fullmatch(value):
            raise _fail(entry.value, f"`{entry.key.value}` must look like {example}")
        return value

    return read


def _items(entry: Entry) -> tuple[Node, ...]:
    if not isinstance(entry.value, Sequence):
        raise _fail(entry.value, f"`{entry.key.value}` must be a list")
    return entry.value.items


def _environments(entry: Entry) -> tuple[str, ...]:
    names = []
    for item in _items(entry):
        if not isinstance(item, Scalar) or not _ENVIRONMENT.fullmatch(item.value):
            raise _fail(item, "an environment is at most 12 lower-case letters, digits and single hyphens, such as production")
        names.append(item.value)
    if not names or len(set(names)) < len(names):
        raise _fail(entry.value, "`environments` must name at least one environment, and each once")
    return tuple(names)


def _production(entry: Entry) -> tuple[str, ...]:
    paths = []
    for item in _items(entry):
        path = join("", item.value) if isinstance(item, Scalar) and item.value else None
        if not path or not path.endswith((".yml", ".yaml")):
            raise _fail(item, "`production` lists compose files of the project, relative to its root")
        paths.append(path)
    if not paths or len(set(paths)) < len(paths):
        raise _fail(entry.value, "`production` must name at least one compose file, and each once")
    return tuple(paths)


def _member(node: Node, key: str, words: type[_Enum]) -> _Enum:
    try:
        return words(node.value if isinstance(node, Scalar) else "")
    except ValueError:
        raise _fail(node, f"`{key}` must be one of {', '.join(words)}") from None


def _roles(entry: Entry) -> tuple[tuple[str, Role], ...]:
    return tuple((item.key.value, _member(item.value, item.key.value, Role)) for item in _entries(entry.value, "`roles`"))


def _ports(entry: Entry) -> tuple[tuple[str, int], ...]:
    return tuple((item.key.value, _integer(item, 1, 65535)) for item in _entries(entry.value, "`ports`"))


def _integer(entry: Entry, least: int, most: int) -> int:
    value = resolve(entry.value) if isinstance(entry.value, Scalar) else None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _fail(entry.value, f"`{entry.key.value}` must be a whole number from {least} to {most}")
    return value


def _external(entry: Entry) -> frozenset[Layer]:
    return frozenset(_member(item, entry.key.value, Layer) for item in _items(entry))


def _severities(entry: Entry) -> tuple[tuple[str, Severity], ...]:
    words = {severity.word: severity for severity in Severity}
    found = []
    for item in _entries(entry.value, "`severity`"):
        if not _CODE.fullmatch(item.key.value):
            raise _fail(item.key, "a rule is named by its code, such as CMP001")
        found.append((item.key.value, words[_one_of(*words)(item)]))
    return tuple(found)


def _ignores(entry: Entry) -> tuple[Ignore, ...]:
    return tuple(_ignore(item) for item in _items(entry))


def _ignore(node: Node) -> Ignore:
    values = {}
    for entry in _entries(node, "an entry of `ignore`"):
        field, reader = _keyed(_IGNORE_KEYS, entry, " in an entry of `ignore`")
        values[field] = reader(entry)
    for key in ("rule", "reason"):
        if _IGNORE_KEYS[key][0] not in values:
            raise _fail(node, f"an entry of `ignore` needs the key `{key}`")
    return Ignore(**values)


def _date(entry: Entry) -> str:
    value = entry.value.value if isinstance(entry.value, Scalar) else ""
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except ValueError:
        raise _fail(entry.value, "`until` must be a date such as 2027-01-31") from None


def _max_yaml_bytes(entry: Entry) -> int:
    table = {"yaml_bytes": "yaml_bytes"}
    found = Configuration().max_yaml_bytes
    for item in _entries(entry.value, "`limits`"):
        _keyed(table, item, " in `limits`")
        found = _integer(item, 1024, _MOST_YAML_BYTES)
    return found


def _folder(entry: Entry) -> str:
    value = _text(entry)
    if value.startswith(("/", "~")) or ".." in value.split("/") or "\\" in value:
        raise _fail(entry.value, f"`{entry.key.value}` must be a folder of the project, relative to its root")
    return value.removeprefix("./").rstrip("/")


_IGNORE_KEYS: dict[str, tuple[str, Callable[[Entry], str]]] = {
    "rule": ("code", _matching(_CODE, "CMP001")),
    "reason": ("reason", _text),
    "path": ("path", _text),
    "resource": ("resource", _text),
    "until": ("until", _date),
}
_KEYS: dict[str, tuple[str, Callable[[Entry], object]]] = {
    "project": ("project", _text),
    "region": ("region", _matching(_REGION, "eu-central-1")),
    "compute": ("compute", _one_of(*_COMPUTE)),
    "redis": ("redis", _one_of(*_REDIS)),
    "environments": ("environments", _environments),
    "roles": ("roles", _roles),
    "ports": ("ports", _ports),
    "ignore": ("ignores", _ignores),
    "external": ("external", _external),
    "severity": ("severities", _severities),
    "limits": ("max_yaml_bytes", _max_yaml_bytes),
    "production": ("production", _production),
    "blueprints": ("blueprints", _folder),
}
