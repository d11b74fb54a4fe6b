"""The JSON of `validate`: version 1 of its shape."""

from __future__ import annotations

from typing import Any

from scaffold.model.finding import Finding, ToolRun
from scaffold.report.json_text import json_text
from scaffold.report.redaction import Redactor
from scaffold.report.wire import ValidateReport

VERSION = 1


def validate_json(report: ValidateReport, redactor: Redactor) -> str:
    """Return the JSON text of a report of validators."""
    return json_text(validate_shape(report), redactor)


def validate_shape(report: ValidateReport) -> dict[str, Any]:
    """Return the report as the dictionaries that become JSON."""
    return {"version": VERSION, "tools": [_run(run) for run in report.runs]}


def _run(run: ToolRun) -> dict[str, Any]:
    return {
        "tool": run.tool,
        "version": run.version or None,
        "state": run.state,
        "reason": run.reason or None,
        "looked_at": run.looked_at,
        "findings": [_finding(finding) for finding in run.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "tool": finding.tool,
        "id": finding.id,
        "path": finding.path,
        "line": finding.line,
        "severity": finding.severity.word,
        "message": finding.message,
    }
