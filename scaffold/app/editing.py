"""Which edits are applied: each is tried on a copy of the project together with those before it, and judged by its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from functools import cached_property
from itertools import pairwise
from pathlib import Path

from scaffold.app.examination import Place
from scaffold.model.artifact import Edit, Splice, apply_splices
from scaffold.model.edits import Proposal
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.write.tracked import is_tracked_and_clean

BY_HAND = "the lines are shared or written in a form that scaffold does not edit; change them by hand"
_NOT_CLEAN = "git does not track it, or it has changes that are not committed"
_CHANGED = "it is not the file that was read; run again"


@frozen
class EditedFile:
    """One of the user's files as it is, and as the edits make it."""

    edit: Edit
    before: str = field(repr=False)
    after: str = field(repr=False)
    reason: str = ""
    """Why the edit is not applied, "" when it is."""


@frozen
class Outcome:
    """What the rules say of a project with some edits applied: the gaps that are left, and the files that cannot be read."""

    fingerprints: frozenset[str]
    problems: frozenset[tuple[str, str]]
    """Path and message."""


Trial = Callable[[dict[str, str]], Outcome]
"""Judges the project with these texts in place of its files."""


@frozen
class Choice:
    """The edits that are applied and those that are not, with the reason, and the last outcome."""

    applied: tuple[Proposal, ...]
    refused: tuple[tuple[Proposal, str], ...]
    outcome: Outcome


def choose_edits(project: Project, before: Outcome, trial: Trial, proposals: Iterable[Proposal]) -> Choice:
    """Return which edits hold together: none leaves its gap, brings a gap that was not there `before`, or breaks a file.

    All are tried at once; where that fails, halves are, so that one bad edit costs a few readings and no other edit.
    """
    chooser = _Chooser(project, before, trial)
    chooser.try_group(sorted(proposals, key=lambda item: bool(item.task.needs)))
    return chooser.choice()


class _Chooser:
    """Tries proposals in their order on top of those that hold already."""

    def __init__(self, project: Project, before: Outcome, trial: Trial) -> None:
        self._project = project
        self._before = before
        self._trial = trial
        self._applied: list[Proposal] = []
        self._refused: list[tuple[Proposal, str]] = []
        self._last: Outcome | None = None

    @cached_property
    def _untouched(self) -> Outcome:
        """The outcome of a run without edits: what new files bring along is not the edits' doing."""
        return self._trial({})

    def choice(self) -> Choice:
        """Return what was found."""
        return Choice(tuple(self._applied), tuple(self._refused), self._last or self._untouched)

    def try_group(self, group: list[Proposal]) -> None:
        """Apply a group where it holds, else its halves; refuse a single edit that does not."""
        if not group:
            return
        together = [*self._applied, *group]
        fault, outcome = self._judge(together)
        if outcome is not None and not fault:
            self._applied, self._last = together, outcome
        elif len(group) == 1:
            self._refused.append((group[0], fault))
        else:
            middle = len(group) // 2
            self.try_group(group[:middle])
            self.try_group(group[middle:])

    def _judge(self, proposals: list[Proposal]) -> tuple[str, Outcome | None]:
        """Return why these edits do not hold together ("" when they do), and what was seen."""
        fault = _unmet(proposals) or _overlap(proposals)
        if fault:
            return fault, None
        outcome = self._trial({path: after for path, (_, after) in edited_texts(self._project, proposals).items()})
        return self._fault(proposals, outcome), outcome

    def _fault(self, proposals: list[Proposal], outcome: Outcome) -> str:
        if outcome.problems - self._before.problems:
            broken = sorted(outcome.problems - self._before.problems - self._untouched.problems)
            if broken:
                return f"{broken[0][0]} could not be read afterwards; change it by hand"
        new = outcome.fingerprints - self._before.fingerprints
        if new and new - self._untouched.fingerprints:
            return "the edited file would have a new gap; change it by hand"
        left = [gap.code for item in proposals for gap in item.task.gaps if gap.fingerprint in outcome.fingerprints]
        return f"the edit would not close {', '.join(dict.fromkeys(left))}; change it by hand" if left else ""


def _unmet(proposals: list[Proposal]) -> str:
    """Return what an edit waits for that is not among the others, "" when nothing is missing."""
    closed = frozenset(mark for item in proposals for mark in item.task.marks)
    missing = [need for item in proposals for need in item.task.needs if need not in closed]
    return f"it may only be changed together with {', '.join(dict.fromkeys(missing))}" if missing else ""


def _overlap(proposals: list[Proposal]) -> str:
    """Return which edits change the same characters, "" when none do; equal splices are one."""
    for path, splices in _splices_by_path(proposals).items():
        for first, second in pairwise(sorted(splices, key=lambda splice: (splice.span.start, splice.span.end))):
            if second.span.start < first.span.end:
                users = [item for item in proposals for file in item.files if file.path == path and first in file.splices]
                codes = ", ".join(dict.fromkeys(code for item in users for code in item.task.codes))
                return f"its lines change with {codes} already; commit that edit and run again"
    return ""


def _splices_by_path(proposals: Iterable[Proposal]) -> dict[str, tuple[Splice, ...]]:
    found: dict[str, list[Splice]] = {}
    for item in proposals:
        for file in item.files:
            found.setdefault(file.path, []).extend(file.splices)
    return {path: tuple(dict.fromkeys(splices)) for path, splices in sorted(found.items())}


def edited_texts(project: Project, proposals: Iterable[Proposal]) -> dict[str, tuple[str, str]]:
    """Return the text of each changed file before and after all splices."""
    texts = {}
    for path, splices in _splices_by_path(proposals).items():
        before = project.source(path) or ""
        texts[path] = (before, apply_splices(before, splices))
    return texts


def edited_files(project: Project, choice: Choice) -> tuple[EditedFile, ...]:
    """Return one entry a file for all edits that are applied, then one for each that is refused."""
    texts = edited_texts(project, choice.applied)
    splices = _splices_by_path(choice.applied)
    applied = [
        EditedFile(_edit(path, splices[path], [item for item in choice.applied if _changes(item, path)]), before, after)
        for path, (before, after) in texts.items()
    ]
    refused = [EditedFile(_edit(item.place, (), [item]), "", "", reason) for item, reason in choice.refused]
    return (*applied, *sorted(refused, key=lambda file: (file.edit.path, file.edit.codes)))


def _changes(proposal: Proposal, path: str) -> bool:
    return any(file.path == path for file in proposal.files)


def _edit(path: str, splices: tuple[Splice, ...], proposals: list[Proposal]) -> Edit:
    unique = {gap.fingerprint: gap for item in proposals for gap in item.task.gaps}
    gaps = sorted(unique.values(), key=lambda gap: gap.primary.sort_key())
    return Edit(
        path,
        splices,
        tuple(gap.code for gap in gaps),
        tuple(gap.fingerprint for gap in gaps),
        "; ".join(
            dict.fromkeys(
                (
                    *(f"{gap.code} {gap.resource}: {gap.expected}" for gap in gaps),
                    *(item.task.note for item in proposals if item.task.note and _is_of_document(item, path)),
                )
            )
        ),
        any(
            item.task.removes_secret and path not in {append.source.path for append in item.task.appends} for item in proposals
        ),
    )


def _is_of_document(proposal: Proposal, path: str) -> bool:
    return any(document.path == path for document in proposal.task.documents)


def refusal(place: Place, project: Project, proposal: Proposal) -> str:
    """Return why the files of a proposal must not be touched, "" when they may be."""
    for file in proposal.files:
        if place.out is None and not is_tracked_and_clean(place.root, file.path):
            return _NOT_CLEAN
        if current_text(place, file.path) != project.source(file.path):
            return _CHANGED
    return ""


def current_text(place: Place, path: str) -> str | None:
    """Return the text that is on the disk now, byte for byte; None where there is none or it is not UTF-8."""
    folders = (place.out, place.root)
    target = next((found for folder in folders if folder and (found := Path(folder, path)).is_file()), None)
    try:
        return target.read_bytes().decode("utf-8") if target else None
    except (OSError, UnicodeDecodeError):
        return None
