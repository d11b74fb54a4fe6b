"""`gaps` for a terminal: what is good, the layers, the worst gaps and the reason for the exit code, on one screen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, JudgedGap, LayerCard, Praise
from scaffold.model.names import Layer, LayerState, Severity
from scaffold.report.page import Line, Span, clean_line, line, render, wrapped
from scaffold.report.redaction import Redactor
from scaffold.report.wire import GapsReport

SCREEN = 48
"""Lines of the default view: a terminal of 50, less the prompt and the next step on stderr."""
TOP = 10
"""How many gaps the default view shows."""
_GOOD = 3
_PROBLEMS = 2
_LEVELS = ((2, 2), (2, 1), (1, 1), (1, 0))
"""How many lines a message and its advice may take, roomy first; at 0 an advice stands only where the place leaves room."""
_STATES = (LayerState.ABSENT, LayerState.INERT, LayerState.PARTIAL, LayerState.PRESENT)
_HEAD = 16
"""Columns before a gap's message: severity and code."""
_INDENT = 4
_STATE = 9
_WIDE = 72
"""From this width on, a message stands in a column of its own."""
_WORTH = 30
"""Columns that an advice needs beside the place to be worth reading there."""


def gaps_text(report: GapsReport, redactor: Redactor, *, width: int, color: bool, root: str = "") -> str:
    """Return the default view, or with `everything` each layer and gap in full; `width` in columns.

    With colour and `root`, the absolute folder of the project, places are links.
    """
    lines = _full(report, width) if report.everything else _screen(report, width)
    return redactor.clean(render(lines, width=width, color=color, root=root))


def _screen(report: GapsReport, width: int) -> list[Line]:
    """Return the view of one screen: when it is too long, advice is cut first, then messages, the least severe gap's first."""
    top = report.worst(TOP)
    roomy = [0] * len(top)
    for good in range(_GOOD, 0, -1):
        for levels in _ever_shorter(roomy) if good == _GOOD else [[len(_LEVELS) - 1] * len(top)]:
            lines = _screen_lines(report, width, top, levels, good)
            if len(lines) <= SCREEN:
                return lines
    return lines


def _ever_shorter(levels: Sequence[int]) -> Iterable[list[int]]:
    """Yield the levels as they are, then with one more gap from the end made shorter, until all are as short as can be."""
    current = list(levels)
    yield list(current)
    for level in range(1, len(_LEVELS)):
        for index in reversed(range(len(current))):
            current[index] = level
            yield list(current)


def _screen_lines(report: GapsReport, width: int, top: Sequence[JudgedGap], levels: Sequence[int], good: int) -> list[Line]:
    lines = [*_title(report, width), *_good(report.cards, width, good), line(), *_states(report.cards, width)]
    lines += _problems(report, width, _PROBLEMS)
    if top:
        lines += [line(), line((_heading(len(top), len(report.told)), "title"))]
        for judged, level in zip(top, levels, strict=True):
            lines += _gap(judged.gap, report, width, level)
    return [*lines, *_rest(report, width, len(top)), line(), *_verdict(report, width)]


# --- the head ---------------------------------------------------------------------------------------------------------


def _title(report: GapsReport, width: int) -> list[Line]:
    counted = Counter(item.gap.severity for item in report.told)
    parts = [f"{counted[severity]} {severity.word}" for severity in sorted(Severity, reverse=True) if counted[severity]]
    total = len(report.told)
    said = f"{_plural(total, 'gap')}: {', '.join(parts)}" if total else "no open gap"
    return wrapped(said, width, first=[(clean_line(report.project), "title"), ("  ", "")], indent=2)


def _good(cards: Sequence[LayerCard], width: int, at_most: int) -> list[Line]:
    """Return what the files do right, one praise a layer before a second one of any, a line each."""
    praised = [card.good for card in cards if card.good]
    rounds = max((len(good) for good in praised), default=0)
    ordered = [good[turn] for turn in range(rounds) for good in praised if turn < len(good)]
    lines: list[Line] = []
    for praise in ordered[:at_most]:
        place = clean_line(f" ({_place(praise.location)})")
        if width - len(place) < _WORTH:
            lines += wrapped(_praise(praise), width, first=[("good ", "good")], indent=5, at_most=1)
            continue
        kept = wrapped(praise.message.rstrip("."), width - len(place), first=[("good ", "good")], indent=5, at_most=1)
        lines += [Line((*kept[0].spans, (place, "place")))] if kept else []
    if len(ordered) > at_most:
        lines.append(line((f"     and {len(ordered) - at_most} more good things (--all)", "place")))
    return lines


def _praise(praise: Praise) -> str:
    return f"{praise.message.rstrip('.')} ({_place(praise.location)})"


def _states(cards: Sequence[LayerCard], width: int) -> list[Line]:
    """Return the cards by state, each layer with the file that decided it; an absent one has none."""
    lines: list[Line] = []
    for state in _STATES:
        entries = [_card(card, width - _STATE - 1) for card in cards if card.state is state]
        if entries:
            first: list[Span] = [(f"{state.value:<{_STATE}}", state.value)]
            lines += _listed(entries, width, first)
    return lines


def _card(card: LayerCard, room: int) -> str:
    """Return a layer with its file; of a path that is longer than `room` columns the end is kept."""
    if card.external:
        return f"{card.layer.value} (elsewhere)"
    if card.state is LayerState.ABSENT or not card.evidence:
        return card.layer.value
    place = clean_line(_place(card.evidence[0]))
    free = max(1, room - len(card.layer.value) - 1)
    return f"{card.layer.value} {place if len(place) <= free else '…' + place[1 - free :]}"


def _listed(entries: Iterable[str], width: int, first: Sequence[Span]) -> list[Line]:
    """Return entries with commas between them, broken only between entries."""
    head = sum(len(text) for text, _ in first)
    rows: list[str] = []
    for entry in map(clean_line, entries):
        if rows and head + len(rows[-1]) + len(entry) + 3 <= width:
            rows[-1] += f", {entry}"
        else:
            if rows:
                rows[-1] += ","
            rows.append(entry)
    lines = wrapped(rows[0], width, first=first, indent=head) if rows else []
    return lines + [part for row in rows[1:] for part in wrapped(row, width, first=[(" " * head, "")], indent=head)]


def _problems(report: GapsReport, width: int, at_most: int) -> list[Line]:
    if not report.problems:
        return []
    lines = [line(), line((f"{_plural(len(report.problems), 'problem')} while reading", "high"))]
    for problem in report.problems[:at_most]:
        lines += wrapped(f"{_place(problem.location)}  {problem.message}", width, first=[("  ", "")], indent=4, at_most=1)
    more = len(report.problems) - at_most
    return [*lines, line((f"  and {more} more (--all)", "place"))] if more > 0 else lines


# --- gaps -------------------------------------------------------------------------------------------------------------


def _heading(shown: int, total: int) -> str:
    return f"The {shown} worst of {total} gaps" if shown < total else _plural(total, "gap")


def _gap(gap: Gap, report: GapsReport, width: int, level: int) -> list[Line]:
    message_lines, advice_lines = _LEVELS[level]
    first: list[Span] = [(f"{gap.severity.word:<9}", gap.severity.word), (f"{gap.code:<7}", "title")]
    indent = _HEAD if width >= _WIDE else _INDENT
    lines = wrapped(gap.message, width, first=first, indent=indent, at_most=message_lines)
    place, closer = clean_line(_place(gap.primary)), closing(gap, report)
    head: list[Span] = [(f"{'':<{_INDENT}}{place}  ", "place")]
    command = closer.rpartition(": ")[2].startswith("scaffold ")
    at_most = 0 if command else max(1, advice_lines)
    if _INDENT + len(place) + 2 + (len(closer) if command else _WORTH) <= width:
        return lines + wrapped(closer, width, first=head, indent=_INDENT + 2, at_most=at_most)
    lines.append(line((f"{'':<{_INDENT}}{place}", "place")))
    if not command and not advice_lines:
        return lines
    return lines + wrapped(closer, width, first=[(" " * _INDENT, "")], indent=_INDENT + 2, at_most=at_most)


def closing(gap: Gap, report: GapsReport) -> str:
    """Return how a gap is closed: by files, by an edit, by both, or by a person who follows the advice."""
    able = [closer for closer in gap.closes if _is_built(closer, report)]
    files = any(closer.kind == "files" for closer in able)
    if any(closer.kind == "edit" for closer in able):
        start = "files and edit ready" if files else "edit ready"
        return f"{start}: scaffold generate --edit {gap.code}"
    if files:
        return "files: scaffold generate"
    advice = next((closer.text for closer in gap.closes if closer.kind == "advice" and closer.text), "")
    if advice:
        return f"advice: {advice}"
    if gap.closes and not able and any(closer.by for closer in gap.closes):
        return f"by hand: {gap.expected}"
    return f"advice: scaffold explain {gap.code}"


def _is_built(closer: Closer, report: GapsReport) -> bool:
    return closer.by is None or report.built is None or closer.by in report.built


def _rest(report: GapsReport, width: int, shown: int) -> list[Line]:
    """Return how many gaps are not on the screen, and why."""
    more = len(report.told) - shown
    counted = Counter(item.status for item in report.gaps)
    parts = [f"{_plural(more, 'more gap')}: scaffold gaps --all"] if more > 0 else []
    if report.hidden:
        parts.append(f"{report.hidden} of low confidence (--all)")
    if counted["suppressed"]:
        parts.append(f"{counted['suppressed']} suppressed with a reason")
    if counted["baseline"]:
        parts.append(f"{counted['baseline']} in the baseline")
    return wrapped("; ".join(parts), width) if parts else []


def _verdict(report: GapsReport, width: int) -> list[Line]:
    if report.fail_on is None:
        return [line("exit 0: --fail-on never")]
    option = f"--fail-on {report.fail_on.word}"
    if report.failing:
        worst = max(item.gap.severity for item in report.told)
        named = "critical" if report.fail_on is Severity.CRITICAL else f"{report.fail_on.word} or worse"
        text = f"exit 1: {_plural(report.failing, 'gap')} {'is' if report.failing == 1 else 'are'} {named} ({option})"
        return wrapped(text, width, first=[("", worst.word)])
    return wrapped(f"exit 0: no gap is {report.fail_on.word} or worse ({option})", width)


# --- everything -------------------------------------------------------------------------------------------------------


def _full(report: GapsReport, width: int) -> list[Line]:
    lines = _title(report, width)
    lines += _problems(report, width, len(report.problems))
    cards = {card.layer: card for card in report.cards}
    for layer in Layer:
        found = [item for item in report.gaps if item.gap.layer is layer]
        if layer in cards or found:
            lines += [line(), *_layer(layer, cards.get(layer), width)]
        for item in found:
            lines += _detail(item, report, width)
    return [*lines, line(), *_rest(report, width, len(report.told)), *_verdict(report, width)]


def _layer(layer: Layer, card: LayerCard | None, width: int) -> list[Line]:
    if card is None:
        return [line((layer.value, "title"))]
    state: list[Span] = [(f"{layer.value:<14}", "title"), (f"{card.state.value:<9}", card.state.value)]
    places = ["elsewhere"] if card.external else [_place(location) for location in card.evidence]
    lines = _listed(places, width, state) or [Line(tuple(state))]
    for praise in card.good:
        lines += wrapped(_praise(praise), width, first=[("  good  ", "good")], indent=8)
    return lines


def _detail(judged: JudgedGap, report: GapsReport, width: int) -> list[Line]:
    gap = judged.gap
    first: list[Span] = [(f"  {gap.severity.word:<9}", gap.severity.word), (f"{gap.code:<7}", "title")]
    lines = wrapped(gap.message, width, first=first, indent=_HEAD + 2)
    facts = [
        ("at", ", ".join(_place(item.location) for item in gap.evidence if item.role != "searched")),
        ("searched", ", ".join(_place(item.location) for item in gap.evidence if item.role == "searched")),
        ("expected", gap.expected),
        ("found", gap.actual),
        ("needs first", ", ".join(code for code in gap.blocked_by if code not in {gap.code, gap.told_by})),
        ("counted", f"with the {gap.told_by} that names this place" if gap.is_detail else ""),
        ("confidence", gap.confidence.value if gap.confidence.value != "high" else ""),
        ("stack is", gap.environment.value if gap.environment.severity_steps else ""),
        ("closed by", closing(gap, report)),
        ("status", _status(judged)),
    ]
    for name, text in facts:
        if text:
            lines += wrapped(text, width, first=[(f"{'':<4}{name:<13}", "place")], indent=17)
    return lines


def _status(judged: JudgedGap) -> str:
    if judged.status == "open":
        return ""
    if judged.suppression is None:
        return judged.status
    until = f", until {judged.suppression.until}" if judged.suppression.until else ""
    return f"{judged.status}: {judged.suppression.reason}{until}"


def _place(location: Location) -> str:
    return f"{location.path}:{location.line}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
