"""`validate` for a terminal: one line a tool, its findings under it, and what did not run with the reason."""

from __future__ import annotations

from scaffold.model.finding import Finding, ToolRun
from scaffold.report.page import Line, clean_line, line, render, wrapped
from scaffold.report.redaction import Redactor
from scaffold.report.wire import ValidateReport

FINDINGS = 20
"""How many findings of one tool are shown; the JSON has all."""
_STATE = 9
_TOOL = 20


def validate_text(report: ValidateReport, redactor: Redactor, *, width: int, color: bool) -> str:
    """Return the report of every tool that had something to judge; `width` in columns."""
    lines: list[Line] = []
    for run in report.runs:
        if run.state != "not-run":
            lines += _judged(run, width)
    for run in report.runs:
        if run.state == "not-run" and run.could_run:
            lines += wrapped(
                run.reason,
                width,
                first=[(f"{'not run':<{_STATE}}", "not-run"), (f"{run.tool:<{_TOOL}}", "")],
                indent=_STATE + 2,
            )
    idle = [run.tool for run in report.runs if not run.could_run]
    if idle:
        lines += wrapped(", ".join(idle), width, first=[("nothing to judge for ", "place")], indent=2)
    return redactor.clean(render([*lines, line(), *_verdict(report, width)], width=width, color=color))


def _judged(run: ToolRun, width: int) -> list[Line]:
    said = f"{run.version or 'version unknown'}, looked at {run.looked_at}"
    said += f"; {run.reason}" if run.reason else ""
    first = [(f"{run.state:<{_STATE}}", run.state), (f"{run.tool:<{_TOOL}}", "")]
    lines = wrapped(said, width, first=first, indent=_STATE + 2)
    shown = sorted(run.findings, key=lambda finding: -finding.severity)[:FINDINGS]
    for finding in shown:
        lines += _finding(finding, width)
    more = len(run.findings) - len(shown)
    return [*lines, line((f"    and {more} more: --format json", "place"))] if more else lines


def _finding(finding: Finding, width: int) -> list[Line]:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    head = [(f"    {finding.severity.word:<9}", finding.severity.word), (clean_line(f"{finding.id}  "), "title")]
    where = [line((" " * 8 + clean_line(place), "place"))] if place else []
    return [*wrapped(finding.message, width, first=head, indent=8), *where]


def _verdict(report: ValidateReport, width: int) -> list[Line]:
    counted = {state: sum(run.state == state for run in report.runs) for state in ("passed", "failed")}
    missing = sum(run.state == "not-run" and run.could_run for run in report.runs)
    totals = f"{counted['passed']} passed, {counted['failed']} failed, {missing} not run"
    return wrapped(f"{totals}; {_reason(report)}", width)


def _reason(report: ValidateReport) -> str:
    if report.fail_on is None:
        return "exit 0: --fail-on never"
    option = f"--fail-on {report.fail_on.word}"
    if not report.failing:
        return f"exit 0: no finding is {report.fail_on.word} or worse ({option})"
    noun = "finding is" if report.failing == 1 else "findings are"
    return f"exit 1: {report.failing} {noun} {report.fail_on.word} or worse ({option})"
