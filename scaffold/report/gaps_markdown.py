"""`gaps` as the comment of a pull request: the worst gaps in a table, the rest folded away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from html import escape

from scaffold.model.document import Location
from scaffold.model.gap import JudgedGap
from scaffold.model.names import LayerState, Severity
from scaffold.model.regex import regex
from scaffold.report.gaps_text import TOP, closing
from scaffold.report.page import clean_line
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport

MARKER = "<!-- scaffold gaps -->"
"""The first line, by which a workflow finds the comment that it wrote before."""
ROWS_AT_MOST = 150
"""Rows of the whole list: a comment on GitHub holds 65,536 characters."""
_SPECIAL = regex(r"([\\`*_{}\[\]()#|~!])")


def gaps_markdown(report: GapsReport, redactor: Redactor) -> str:
    """Return the Markdown of a report of gaps; nothing of the project's text becomes markup or a mention."""
    found, worst = report.told, report.worst(TOP)
    parts = [MARKER, f"### scaffold: {_escape(report.project)}", "", _summary(report), "", *_states(report), ""]
    if found:
        parts += [*_table(worst, report), ""]
    if len(found) > TOP:
        rest = tuple(item for item in found if item not in worst)[:ROWS_AT_MOST]
        parts += [f"<details><summary>{len(found) - TOP} more</summary>", "", *_table(rest, report), "", "</details>", ""]
        if len(found) > TOP + ROWS_AT_MOST:
            parts += [f"{len(found) - TOP - ROWS_AT_MOST} more are not listed here: `scaffold gaps --all`", ""]
    parts += [f"- {_place(item.location)}: {_escape(item.message)}" for item in report.problems]
    return redactor.clean("\n".join(parts).rstrip() + "\n")


def _summary(report: GapsReport) -> str:
    counted = Counter(item.gap.severity for item in report.told)
    parts = [f"{counted[severity]} {severity.word}" for severity in sorted(Severity, reverse=True) if counted[severity]]
    total = len(report.told)
    said = f"**{total} open {'gap' if total == 1 else 'gaps'}** ({', '.join(parts)})" if total else "**No open gap**"
    if report.fail_on is None:
        return f"{said}."
    return f"{said}; {report.failing} at or above {report.fail_on.word}."


def _states(report: GapsReport) -> Iterable[str]:
    for state in LayerState:
        names = [card.layer.value + (" (elsewhere)" if card.external else "") for card in report.cards if card.state is state]
        if names:
            yield f"- {state.value}: {', '.join(names)}"


def _table(found: tuple[JudgedGap, ...], report: GapsReport) -> list[str]:
    rows = ["| Severity | Rule | Gap | Where | Closed by |", "| --- | --- | --- | --- | --- |"]
    for judged in found:
        gap = judged.gap
        cells = (gap.severity.word, gap.code, _escape(gap.message), _place(gap.primary), _escape(closing(gap, report)))
        rows.append(f"| {' | '.join(cells)} |")
    return rows


def _place(location: Location) -> str:
    return _escape(f"{location.path}:{location.line}")


def _escape(text: str) -> str:
    """Return text as Markdown that shows it as it is; `@` and `://` are broken so that nobody is called and nothing linked."""
    escaped = _SPECIAL.sub(r"\\\1", escape(clean_line(text), quote=False))
    return escaped.replace("@", "&#64;").replace("://", "&#58;//")
