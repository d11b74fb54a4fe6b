"""What `generate` would do or has done, as a report."""

from __future__ import annotations

from scaffold.app.editing import EditedFile
from scaffold.app.generation import Generation
from scaffold.app.view import View
from scaffold.gaps.causes import causes_of
from scaffold.gaps.judge import shown
from scaffold.report.diff import unified_diff
from scaffold.report.redaction import Redactor
from scaffold.report.wire import FileChange, FileEdit, GenerateReport, LeftAlone
from scaffold.write.classify import Change, State


def show_generation(generation: Generation, view: View, *, diff: bool, written: bool) -> str:
    """Return the plan, or what was done; with `diff`, the changes line by line, secrets redacted."""
    redactor = Redactor(generation.project)
    # The same gaps as `gaps` counts: what is of low confidence, it shows on request only, and one cause is one of them.
    counted = (item.gap for item in shown(generation.before, everything=False) if item.status == "open")
    causes = [[gap.fingerprint for gap in cause] for cause in causes_of(generation.project, counted)]
    report = GenerateReport(
        project=generation.target.app,
        files=tuple(_file(change, redactor, diff=diff) for change in generation.changes),
        edits=tuple(_edit(item, redactor, diff=diff) for item in generation.edits),
        skipped=tuple(LeftAlone(item.path, item.reason) for item in generation.skipped),
        open_gaps=len(causes),
        closed_gaps=sum(generation.closed.issuperset(cause) for cause in causes),
        closed=generation.closed & {mark for cause in causes for mark in cause},
        written=written,
    )
    if view.form == "json":
        from scaffold.report.generate_json import generate_json

        return generate_json(report, redactor)
    from scaffold.report.generate_text import generate_text

    return generate_text(report, redactor, width=view.width, color=view.color)


def _file(change: Change, redactor: Redactor, *, diff: bool) -> FileChange:
    after = change.beside if change.state is State.CONFLICT else change.after
    shows = diff and change.writes
    text = unified_diff(change.path, change.before, after, redactor) if shows else ""
    return FileChange(change.path, change.state.value, change.room.value, change.closes, change.reason, text)


def _edit(item: EditedFile, redactor: Redactor, *, diff: bool) -> FileEdit:
    edit = item.edit
    text = unified_diff(edit.path, item.before, item.after, redactor) if diff and not item.reason else ""
    return FileEdit(edit.path, edit.codes, edit.closes, edit.why, edit.removes_secret, item.reason, text)
