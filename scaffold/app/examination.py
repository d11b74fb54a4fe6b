"""`gaps`: read and judge a project with the files that scaffold wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from scaffold.errors import UsageError
from scaffold.gaps.causes import told_once
from scaffold.gaps.judge import judge
from scaffold.model.edits import Proposal
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, JudgedGap, Judgement
from scaffold.model.project import Project
from scaffold.read.outside import Outside
from scaffold.read.project import read_project
from scaffold.write.lock import Lock, read_lock

_BY_HAND = Closer(None, "advice", "Change it by hand: the lines are shared, or written in a form that scaffold does not edit.")


@frozen
class Place:
    """Where the project is, and where artifacts go when that is another folder (--out)."""

    root: Path
    out: Path | None = None
    today: str = ""
    """The day by which ignores run out, as an ISO date; "" when none does."""

    @property
    def target(self) -> Path:
        """The folder that is written."""
        return self.out or self.root


@frozen
class Examination:
    """A project and what the rules say of it."""

    project: Project
    judgement: Judgement


def look(place: Place, *, outside: Outside | None = None) -> tuple[Project, Lock]:
    """Read a project with the files that scaffold wrote, and the lock; raises UsageError and NothingToReadError.

    With `outside`, its stacks are what Compose makes of them when it is called so.
    """
    refuse_missing(place)
    lock = read_lock(place.target)
    return read_project(
        place.root,
        overlay=place.out,
        production_set=lock.production_set,
        owned=lock.paths,
        known_name=lock.app,
        outside=outside,
        today=place.today,
    ), lock


def examine(place: Place, *, codes: frozenset[str] = frozenset(), baseline: frozenset[str] = frozenset()) -> Examination:
    """Read and judge a project with the files that scaffold wrote; raises UsageError and NothingToReadError."""
    project, _ = look(place)
    judgement = with_ready_edits(project, judge(project, codes=codes, baseline=baseline))
    return Examination(project, told_once(project, judgement))


def with_ready_edits(project: Project, judgement: Judgement) -> Judgement:
    """Return the judgement with "edit ready" only where the lines are in a form that the edit can be made for, and those of all
    that it waits for are.
    """
    if all(closer.kind != "edit" for gap in judgement.open for closer in gap.closes):
        return judgement
    # Imported here: many projects have nothing to edit, and then need none of it.
    from scaffold.generate.edits import propose
    from scaffold.plan.edits import plan_edits
    from scaffold.plan.environment import plan_environment, with_templates

    tasks = plan_edits(project, judgement.open)
    templates = plan_environment(project, project.production_stack, (), (), tasks)
    proposals = propose(with_templates(project, tasks, templates))
    ready = {mark for item in whole_proposals(proposals) for mark in item.task.closes}
    return replace(judgement, gaps=tuple(_honest(item, ready) for item in judgement.gaps))


def whole_proposals(proposals: tuple[Proposal, ...]) -> tuple[Proposal, ...]:
    """Return the edits that can be made, without those that wait for one which cannot."""
    found = tuple(item for item in proposals if item.files)
    while True:
        closed = {mark for item in found for mark in item.task.marks}
        kept = tuple(item for item in found if closed.issuperset(item.task.needs))
        if len(kept) == len(found):
            return kept
        found = kept


def _honest(judged: JudgedGap, ready: set[str]) -> JudgedGap:
    gap = judged.gap
    if judged.status != "open" or gap.fingerprint in ready or all(closer.kind != "edit" for closer in gap.closes):
        return judged
    others = tuple(closer for closer in gap.closes if closer.kind != "edit")
    return replace(judged, gap=replace(gap, closes=others or (_BY_HAND,)))


def refuse_missing(place: Place) -> None:
    """Raise UsageError when the project is no folder."""
    if not place.root.is_dir():
        raise UsageError("the project is not a folder", where=str(place.root), hint="name the folder of a repository")
