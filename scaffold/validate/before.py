"""Tells what an edit brought from what stood in the user's file before: only the former is a finding of this run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from scaffold.model.finding import Finding, ToolRun
from scaffold.model.regex import regex
from scaffold.validate.outcome import CRASH, judged
from scaffold.validate.request import ValidationRequest

_NUMBER = regex(r"\d+")

Judge = Callable[[str, ValidationRequest], ToolRun]


def without_old_findings(runs: tuple[ToolRun, ...], request: ValidationRequest, judge: Judge) -> tuple[ToolRun, ...]:
    """Return the runs without findings that the tool has about the text before the edit, too; a note counts them."""
    suspects = [run.tool for run in runs if any(finding.path in request.before for finding in run.findings)]
    if not suspects:
        return runs
    earlier = replace(request, paths=tuple(sorted(request.before)), terraform_folders=(), before={})
    with _texts_before(request):
        old = {tool: judge(tool, earlier) for tool in suspects}
    return tuple(_without(run, old[run.tool], request.before) if run.tool in old else run for run in runs)


@contextmanager
def _texts_before(request: ValidationRequest) -> Iterator[None]:
    """Lay the texts before the edit into the copy, and the edited ones back afterwards."""
    places = {request.folder / path: text for path, text in request.before.items() if (request.folder / path).is_file()}
    edited = {place: place.read_bytes() for place in places}
    try:
        for place, text in places.items():
            place.write_bytes(text.encode("utf-8", errors="surrogatepass"))
        yield
    finally:
        for place, data in edited.items():
            place.write_bytes(data)


def _without(run: ToolRun, old: ToolRun, before: Mapping[str, str]) -> ToolRun:
    unreadable = any(finding.id == CRASH for finding in old.findings)
    known = Counter(_identity(finding) for finding in old.findings)
    kept: list[Finding] = []
    for finding in run.findings:
        identity = _identity(finding)
        if finding.path in before and finding.id != CRASH and (unreadable or known[identity]):
            known[identity] -= 1
        else:
            kept.append(finding)
    count = len(run.findings) - len(kept)
    if not count:
        return run
    why = "may have stood in your file before the edit" if unreadable else "stood in your file before the edit"
    note = f"{count} {'finding' if count == 1 else 'findings'} {why} (validate --all)"
    return judged(run.tool, run.version, max(1, run.looked_at), kept, "; ".join(filter(None, (run.reason, note))))


def _identity(finding: Finding) -> tuple[str, str, str]:
    """Return what stays of a finding when lines move."""
    return finding.id, finding.path, _NUMBER.sub("#", finding.message)
