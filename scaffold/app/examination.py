"""`gaps`: read and judge a project with the files that scaffold wrote."""

from __future__ import annotations

from pathlib import Path

from scaffold.errors import UsageError
from scaffold.gaps.judge import judge
from scaffold.model.frozen import frozen
from scaffold.model.gap import Judgement
from scaffold.model.project import Project
from scaffold.read.outside import Outside
from scaffold.read.project import read_project
from scaffold.write.lock import Lock, read_lock


@frozen
class Place:
    """Where the project is, and where artifacts go when that is another folder (--out)."""

    root: Path
    out: Path | None = None

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
    ), lock


def examine(place: Place, *, codes: frozenset[str] = frozenset(), baseline: frozenset[str] = frozenset()) -> Examination:
    """Read and judge a project with the files that scaffold wrote; raises UsageError and NothingToReadError."""
    project, _ = look(place)
    return Examination(project, judge(project, codes=codes, baseline=baseline))


def refuse_missing(place: Place) -> None:
    """Raise UsageError when the project is no folder."""
    if not place.root.is_dir():
        raise UsageError("the project is not a folder", where=str(place.root), hint="name the folder of a repository")
