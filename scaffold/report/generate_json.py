"""The JSON of `generate`: version 1 of its shape."""

from __future__ import annotations

from typing import Any

from scaffold.report.json_text import json_text
from scaffold.report.redaction import Redactor
from scaffold.report.wire import FileChange, FileEdit, GenerateReport

VERSION = 1


def generate_json(report: GenerateReport, redactor: Redactor) -> str:
    """Return the JSON text of what is, or would be, written."""
    return json_text(generate_shape(report), redactor)


def generate_shape(report: GenerateReport) -> dict[str, Any]:
    """Return the report as the dictionaries that become JSON."""
    return {
        "version": VERSION,
        "project": report.project,
        "written": report.written,
        "artifacts": [_artifact(change) for change in report.files],
        "edits": [_edit(edit) for edit in report.edits],
        "skipped": [{"path": item.path, "reason": item.reason} for item in report.skipped],
        "closed": sorted(report.closed),
    }


def _artifact(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "state": change.state,
        "room": change.room,
        "closes": list(change.closes),
        "reason": change.reason or None,
    }


def _edit(edit: FileEdit) -> dict[str, Any]:
    return {
        "path": edit.path,
        "codes": list(edit.codes),
        "closes": list(edit.closes),
        "why": edit.why,
        "removes_secret": edit.removes_secret,
        "applies": not edit.reason,
        "reason": edit.reason or None,
    }
