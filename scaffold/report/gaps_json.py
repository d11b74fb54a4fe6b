"""The JSON of `gaps`: version 1 of its shape, frozen apart from the model."""

from __future__ import annotations

from collections import Counter
from typing import Any

from scaffold.model.document import Location
from scaffold.model.gap import Evidence, JudgedGap, LayerCard, Suppression
from scaffold.model.names import Severity
from scaffold.report.json_text import json_text
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport

VERSION = 1


def gaps_json(report: GapsReport, redactor: Redactor) -> str:
    """Return the JSON text of a report of gaps."""
    return json_text(gaps_shape(report), redactor)


def gaps_shape(report: GapsReport) -> dict[str, Any]:
    """Return the report as the dictionaries that become JSON; the summary counts open gaps."""
    counted = Counter(item.gap.severity.word for item in report.told)
    return {
        "version": VERSION,
        "project": report.project,
        "summary": {severity.word: counted[severity.word] for severity in sorted(Severity, reverse=True)},
        "layers": [_layer(card) for card in report.cards],
        "gaps": [_gap(item) for item in report.gaps],
        "problems": [
            {"path": problem.location.path, "line": problem.location.line, "message": problem.message}
            for problem in report.problems
        ],
    }


def _layer(card: LayerCard) -> dict[str, Any]:
    return {
        "layer": card.layer.value,
        "state": card.state.value,
        "external": card.external,
        "evidence": [_place(location) for location in card.evidence],
        "good": [{"message": praise.message, **_place(praise.location)} for praise in card.good],
    }


def _place(location: Location) -> dict[str, Any]:
    return {"path": location.path, "line": location.line}


def _gap(judged: JudgedGap) -> dict[str, Any]:
    gap = judged.gap
    return {
        "code": gap.code,
        "name": gap.name,
        "layer": gap.layer.value,
        "severity": gap.severity.word,
        "confidence": gap.confidence.value,
        "environment": gap.environment.value,
        "resource": gap.resource,
        "subject": gap.subject,
        "message": gap.message,
        "expected": gap.expected,
        "actual": gap.actual,
        "locations": [_location(evidence) for evidence in gap.evidence],
        "closes": [
            {"by": None if closer.by is None else closer.by.value, "kind": closer.kind, "text": closer.text}
            for closer in gap.closes
        ],
        "blocked_by": list(gap.blocked_by),
        "status": judged.status,
        "suppression": _suppression(judged.suppression),
        "maps_to": list(gap.maps_to),
        "fingerprint": gap.fingerprint,
    }


def _location(evidence: Evidence) -> dict[str, Any]:
    place = evidence.location
    return {"path": place.path, "line": place.line, "column": place.column, "role": evidence.role}


def _suppression(suppression: Suppression | None) -> dict[str, Any] | None:
    if suppression is None:
        return None
    return {
        "kind": suppression.kind,
        "reason": suppression.reason,
        "until": suppression.until or None,
        "path": suppression.location.path if suppression.location else None,
        "line": suppression.location.line if suppression.location else None,
    }
