"""JSON: every file is parsed; dashboards, the lock and scaffold.yaml are held to what reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import yaml

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.names import Severity
from scaffold.resources import package_file
from scaffold.validate.events import outline
from scaffold.validate.material import Material
from scaffold.validate.outcome import judged, not_run
from scaffold.validate.request import ValidationRequest

NAME = "json-schema"
_SCHEMAS = {"scaffold.yaml": "configuration.schema.json", "scaffold.lock": "lock.schema.json"}
_UID_CHARACTERS = 40
"""Grafana refuses a dashboard uid that is longer (its API documentation, `uid`)."""
_ALIASES_AT_MOST = 100
"""A settings file with more aliases is not expanded for the schema."""


def judge(request: ValidationRequest, material: Material) -> ToolRun:
    """Parse JSON, and check against schemas where the jsonschema package is installed."""
    settings = [path for path in material.yaml if path in _SCHEMAS]
    paths = [*material.json, *settings]
    if not paths:
        return not_run(NAME)
    findings = [finding for path in material.json for finding in _judge_json(path, request.text(path))]
    findings += _repeated_uids(request, material)
    library = _library_version()
    if library:
        findings += [finding for path in paths if path in _SCHEMAS for finding in _judge_schema(path, request.text(path))]
    note = "" if library or not any(path in _SCHEMAS for path in paths) else "parsed only: jsonschema is not installed"
    return judged(NAME, f"jsonschema {library}" if library else "", len(paths), findings, note)


def _library_version() -> str:
    try:
        return version("jsonschema")
    except PackageNotFoundError:
        return ""


def _finding(path: str, line: int, what: str, message: str) -> Finding:
    return Finding(NAME, what, path, line, Severity.HIGH, message)


def _judge_json(path: str, text: str) -> Iterator[Finding]:
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        repeated.extend(key for key, count in Counter(key for key, _ in items).items() if count > 1)
        return dict(items)

    try:
        document = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        yield _finding(path, error.lineno, "syntax", f"not valid JSON: {error.msg}")
        return
    except RecursionError:
        yield _finding(path, 1, "syntax", "nested deeper than the parser goes")
        return
    for key in repeated:
        yield _finding(path, _line_of(text, key), "repeated-key", f"the key {key[:80]!r} stands twice in one object")
    if _is_dashboard(document):
        yield from _judge_dashboard(path, text, document)


def _line_of(text: str, key: str) -> int:
    needle = json.dumps(key)
    second = text.find(needle, text.find(needle) + 1)
    return text.count("\n", 0, max(0, second)) + 1


def _is_dashboard(document: object) -> bool:
    return isinstance(document, dict) and isinstance(document.get("panels"), list) and "title" in document


def _judge_dashboard(path: str, text: str, document: dict[str, Any]) -> Iterator[Finding]:
    uid = document.get("uid")
    if isinstance(uid, str) and len(uid) > _UID_CHARACTERS:
        yield _finding(path, _line_of(text, uid), "dashboard-uid", f"the uid is longer than {_UID_CHARACTERS} characters")
    identities = Counter(panel.get("id") for panel in document["panels"] if isinstance(panel, dict))
    for identity, count in identities.items():
        if identity is not None and count > 1:
            yield _finding(path, 1, "panel-id", f"{count} panels have the id {identity}")


def _repeated_uids(request: ValidationRequest, material: Material) -> list[Finding]:
    """Grafana loads one of two dashboards with the same uid and drops the other."""
    holders: dict[str, list[str]] = {}
    for path in material.json:
        try:
            document = json.loads(request.text(path))
        except (ValueError, RecursionError):
            continue
        if _is_dashboard(document) and isinstance(document.get("uid"), str):
            holders.setdefault(document["uid"], []).append(path)
    return [
        _finding(path, 1, "dashboard-uid", f"{paths[0]} has the same uid") for paths in holders.values() for path in paths[1:]
    ]


def _judge_schema(path: str, text: str) -> Iterable[Finding]:
    import jsonschema

    text_outline = outline(text)
    if text_outline.flaws or text_outline.aliases > _ALIASES_AT_MOST:
        return []
    schema = json.loads(package_file("schemas", _SCHEMAS[path]).read_text(encoding="utf-8"))
    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - the safe C loader
    except (yaml.YAMLError, ValueError, RecursionError):
        return [_finding(path, 1, "syntax", "it holds a value that cannot be read")]
    errors = jsonschema.Draft202012Validator(schema).iter_errors({} if document is None else document)
    return [_finding(path, text_outline.line(tuple(error.absolute_path)), "schema", error.message[:300]) for error in errors]
