"""`gaps` as SARIF 2.1.0 for code scanning: stable fingerprints, security severity for security rules only, suppressions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from scaffold.model.document import Location, Problem
from scaffold.model.gap import Evidence, Gap, JudgedGap
from scaffold.model.names import Layer, Severity
from scaffold.report.json_text import json_text
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SECURITY_LAYERS = frozenset({Layer.SECRETS})
SECURITY_RULES = frozenset(
    {
        *(
            "IMG002",
            "IMG005",
            "CMP009",
            "CMP012",
            "CFG005",
            "CFG006",
            "IAC007",
            "NET001",
            "NET002",
            "NET003",
            "NET006",
            "NET009",
        ),
        *("SUP002", "SUP007", "SUP008", "SUP009", "SUP010", "SUP011", "SUP014", "BCK003"),
    }
)
"""The rules of other layers that the catalogue marks as security (section 2, the star)."""
_ROOT = "%SRCROOT%"
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
_SECURITY_SEVERITY = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.5",
}
"""GitHub's bands: critical above 9.0, high from 7.0, medium from 4.0, low below."""
_SUPPRESSION_KINDS = {"inline": "inSource", "comment": "inSource"}


def gaps_sarif(report: GapsReport, redactor: Redactor) -> str:
    """Return the SARIF text of a report of gaps."""
    return json_text(sarif_shape(report), redactor)


def sarif_shape(report: GapsReport) -> dict[str, Any]:
    """Return the SARIF log as dictionaries; rules stand in the order of their codes."""
    worst: dict[str, Gap] = {}
    for judged in report.gaps:
        known = worst.get(judged.gap.code)
        worst[judged.gap.code] = judged.gap if known is None or judged.gap.severity > known.severity else known
    codes = sorted(worst)
    driver: dict[str, Any] = {"name": "scaffold", "rules": [_rule(worst[code], report) for code in codes]}
    if report.version:
        driver["semanticVersion"] = report.version
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "scaffold/gaps/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the project"}}},
        "invocations": [
            {"executionSuccessful": True, "toolExecutionNotifications": [_notice(item) for item in report.problems]}
        ],
        "results": [_result(judged, codes.index(judged.gap.code)) for judged in report.gaps],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def is_security(gap: Gap) -> bool:
    """Whether the gap's rule is about security."""
    return gap.layer in SECURITY_LAYERS or gap.code in SECURITY_RULES


def _rule(gap: Gap, report: GapsReport) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "tags": [gap.layer.value, *(["security"] if is_security(gap) else []), *gap.maps_to],
        "precision": gap.confidence.value,
        "problem.severity": {"error": "error", "warning": "warning"}.get(_LEVELS[gap.severity], "recommendation"),
    }
    if is_security(gap):
        properties["security-severity"] = _SECURITY_SEVERITY[gap.severity]
    return {
        "id": gap.code,
        "name": "".join(word.capitalize() for word in gap.name.split("-")),
        "shortDescription": {"text": report.titles.get(gap.code) or gap.name.replace("-", " ")},
        "help": {"text": f"scaffold explain {gap.code}"},
        "defaultConfiguration": {"level": _LEVELS[gap.severity]},
        "properties": properties,
    }


def _result(judged: JudgedGap, index: int) -> dict[str, Any]:
    gap = judged.gap
    others = [evidence for evidence in gap.evidence if evidence.location is not gap.primary]
    result: dict[str, Any] = {
        "ruleId": gap.code,
        "ruleIndex": index,
        "level": _LEVELS[gap.severity],
        "message": {"text": gap.message},
        "locations": [_location(gap.primary)],
        "partialFingerprints": {"scaffold/v1": gap.fingerprint},
        "properties": {
            "severity": gap.severity.word,
            "environment": gap.environment.value,
            "resource": gap.resource,
            "subject": gap.subject,
            "expected": gap.expected,
            "actual": gap.actual,
            "blockedBy": list(gap.blocked_by),
        },
    }
    if others:
        result["relatedLocations"] = list(_related(others))
    suppressions = _suppressions(judged)
    if suppressions:
        result["suppressions"] = suppressions
    return result


def _location(place: Location) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.path), "uriBaseId": _ROOT},
            "region": {"startLine": max(1, place.line), "startColumn": max(1, place.column)},
        }
    }


def _related(evidence: Iterable[Evidence]) -> Iterable[dict[str, Any]]:
    for number, item in enumerate(evidence, 1):
        yield {"id": number, **_location(item.location), "message": {"text": item.role}}


def _suppressions(judged: JudgedGap) -> list[dict[str, Any]]:
    """Return the SARIF suppressions; a gap of the baseline is accepted from outside the source."""
    if judged.status == "baseline":
        return [{"kind": "external", "status": "accepted", "justification": "listed in scaffold.baseline.json"}]
    if judged.suppression is None:
        return []
    found = judged.suppression
    kind = _SUPPRESSION_KINDS.get(found.kind, "external")
    suppression: dict[str, Any] = {"kind": kind, "status": "accepted", "justification": found.reason}
    if found.location:
        suppression["location"] = _location(found.location)
    return [suppression]


def _notice(problem: Problem) -> dict[str, Any]:
    return {"level": "error", "message": {"text": problem.message}, "locations": [_location(problem.location)]}
