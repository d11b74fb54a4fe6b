"""`generate` for a terminal: what is written room by room, what is edited, what is left alone, and what it closes."""

from __future__ import annotations

from collections import Counter

from scaffold.report.diff import diff_lines
from scaffold.report.page import Line, clean_line, line, render, wrapped
from scaffold.report.redaction import Redactor
from scaffold.report.wire import FileChange, FileEdit, GenerateReport

_QUIET = frozenset({"same"})
_STATE = 10
_FILES_OF_A_ROOM = 12
"""Once they are written, the rest of a room's files is counted past this many; a plan names every file."""
_ROTATE = "The old value stays in git's history: rotate the secret where it is used."


def generate_text(report: GenerateReport, redactor: Redactor, *, width: int, color: bool) -> str:
    """Return the plan, or what was done; diffs stand behind their file; `width` in columns."""
    lines = [*_rooms(report, width), *_edits(report, width), *_left_alone(report, width), *_summary(report, width)]
    return redactor.clean(render(lines, width=width, color=color))


def _rooms(report: GenerateReport, width: int) -> list[Line]:
    lines: list[Line] = []
    for room in dict.fromkeys(change.room for change in report.files):
        changes = [change for change in report.files if change.room == room]
        counted = Counter(change.state for change in changes)
        totals = ", ".join(f"{count} {state}" for state, count in sorted(counted.items()))
        closes = {mark for change in changes for mark in change.closes}
        closing = f", closes {_gaps(len(closes))}" if closes else ""
        lines += wrapped(f"{totals}{closing}", width, first=[(f"{room:<12}", "title")], indent=2)
        lines += _files(changes, width, written=report.written)
    return lines


def _files(changes: list[FileChange], width: int, *, written: bool) -> list[Line]:
    shown = [change for change in changes if change.state not in _QUIET]
    counted = written and not any(change.diff for change in shown)
    lines: list[Line] = []
    for change in shown[:_FILES_OF_A_ROOM] if counted else shown:
        text = f"{change.path}: {change.reason}" if change.reason else change.path
        lines += wrapped(text, width, first=[(f"  {change.state:<{_STATE}}", _style(change.state))], indent=_STATE + 2)
        lines += diff_lines(change.diff)
    more = len(shown) - _FILES_OF_A_ROOM
    if more > 0 and counted:
        lines.append(line((f"  and {more} more files", "place")))
    return lines


def _style(state: str) -> str:
    return {"new": "good", "conflict": "high", "removed": "removed", "skipped": "medium", "kept": "medium"}.get(state, "")


def _edits(report: GenerateReport, width: int) -> list[Line]:
    lines: list[Line] = []
    applied = [edit for edit in report.edits if not edit.reason]
    if applied:
        lines.append(line(("edits of your files", "title")))
    for edit in applied:
        lines += _edit(edit, width)
    return lines


def _edit(edit: FileEdit, width: int) -> list[Line]:
    codes = ", ".join(dict.fromkeys(edit.codes))
    lines = wrapped(f"{edit.path} ({codes}): {edit.why}", width, first=[(f"  {'edit':<{_STATE}}", "good")], indent=_STATE + 2)
    if edit.removes_secret:
        lines += wrapped(_ROTATE, width, first=[(" " * (_STATE + 2), "")], indent=_STATE + 2)
    return lines + diff_lines(edit.diff)


def _left_alone(report: GenerateReport, width: int) -> list[Line]:
    refused = [(edit.path, edit.reason) for edit in report.edits if edit.reason]
    items = [*refused, *((item.path, item.reason) for item in report.skipped)]
    lines = [line(("left alone", "title"))] if items else []
    for path, reason in items:
        lines += wrapped(f"{clean_line(path)}: {reason}", width, first=[("  ", "")], indent=4)
    return lines


def _summary(report: GenerateReport, width: int) -> list[Line]:
    writes = sum(change.state not in {"same", "skipped", "kept"} for change in report.files)
    edits = sum(not edit.reason for edit in report.edits)
    if not writes and not edits:
        nothing = "every file is as it would be written" if report.files else "no line of your files has an edit ready"
        return [line(), *wrapped(f"Nothing to write: {nothing}.", width)]
    verb = "Wrote" if report.written else "Would write"
    files = "1 file" if writes == 1 else f"{writes} files"
    edited = f" and edit {edits} of yours" if edits else ""
    if report.written:
        edited = edited.replace("edit", "edited")
    said = f"{verb} {files}{edited}; closes {report.closed_gaps} of {_gaps(report.open_gaps)}."
    return [line(), *wrapped(said, width)]


def _gaps(count: int) -> str:
    return "1 gap" if count == 1 else f"{count} gaps"
