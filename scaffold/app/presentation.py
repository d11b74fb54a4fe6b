"""From values to the text of each command: which report, with which redaction, and what the exit code will be."""

from __future__ import annotations

from scaffold.app.examination import Examination
from scaffold.app.version import scaffold_version
from scaffold.app.view import View
from scaffold.errors import UsageError
from scaffold.gaps.catalogue import rule, rule_modules
from scaffold.gaps.judge import shown
from scaffold.gaps.texts import find_rule, rule_text, title_of
from scaffold.model.frozen import frozen
from scaffold.model.names import FILE_ROOMS, Room, Severity
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport


@frozen
class Shown:
    """A finished report: its text, the one next step, and the exit code."""

    text: str
    next_step: str
    exit_code: int


def rule_codes() -> dict[str, str]:
    """Return the code of every rule with the word of its layer."""
    return {code: layer.value for code, (layer, _) in rule_modules().items()}


def show_gaps(examination: Examination, view: View, *, everything: bool, fail_on: Severity | None) -> Shown:
    """Return the report of `gaps`."""
    listed = shown(examination.judgement, everything=everything)
    report = GapsReport(
        project=examination.project.name,
        gaps=listed,
        cards=examination.judgement.cards,
        problems=examination.project.problems,
        fail_on=fail_on,
        everything=everything,
        hidden=len(examination.judgement.gaps) - len(listed),
        built=frozenset({*FILE_ROOMS, Room.EDITS}),
        titles=_titles({item.gap.code for item in listed}) if view.form == "sarif" else {},
        version=scaffold_version() if view.form == "sarif" else "",
    )
    text = _gaps_text(report, Redactor(examination.project), view)
    return Shown(text, _next_after_gaps(report), 1 if report.failing else 0)


def note_on_place(examination: Examination) -> str | None:
    """Return what has to be said of where the project is; None for the top of a repository."""
    inside = examination.project.inside
    if not inside:
        return None
    return f"note: {inside} is a folder of a repository, at whose top GitHub looks for workflows: CI is not judged here"


def _gaps_text(report: GapsReport, redactor: Redactor, view: View) -> str:
    if view.form == "json":
        from scaffold.report.gaps_json import gaps_json

        return gaps_json(report, redactor)
    if view.form == "sarif":
        from scaffold.report.gaps_sarif import gaps_sarif

        return gaps_sarif(report, redactor)
    if view.form == "markdown":
        from scaffold.report.gaps_markdown import gaps_markdown

        return gaps_markdown(report, redactor)
    from scaffold.report.gaps_text import gaps_text

    return gaps_text(report, redactor, width=view.width, color=view.color, root=view.root)


def _titles(codes: set[str]) -> dict[str, str]:
    return {code: title_of(rule_text(rule(code))) for code in rule_modules() if code in codes}


def _next_after_gaps(report: GapsReport) -> str:
    kinds = {closer.kind for item in report.open for closer in item.gap.closes}
    if "files" in kinds:
        return "next: scaffold generate    # shows what it would write, and asks"
    if "edit" in kinds:
        return "next: scaffold generate --edit --diff    # shows the edits, and writes nothing"
    if report.open:
        return f"next: scaffold explain {report.open[0].gap.code}"
    return "next: scaffold validate"


def show_rule(word: str, view: View) -> str:
    """Return the text of a rule by code or name; raises UsageError when there is none."""
    from scaffold.report.explain import explain_text

    rule = find_rule(word)
    if rule is None:
        raise UsageError(
            f"there is no rule {word[:60]}", where="explain", hint="`scaffold gaps --all` names the rules that fire"
        )
    return explain_text(rule_text(rule), width=view.width, color=view.color)
