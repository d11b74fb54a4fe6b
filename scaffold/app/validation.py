"""`validate`: the real tools over a temporary copy of the project; nothing is left behind."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scaffold.app.examination import Place, look
from scaffold.app.view import View
from scaffold.model.alternatives import choose_profiles
from scaffold.model.finding import ToolRun
from scaffold.model.frozen import frozen
from scaffold.model.names import Severity
from scaffold.model.profiles import declared_profiles
from scaffold.model.project import Project
from scaffold.report.redaction import Redactor
from scaffold.report.wire import ValidateReport
from scaffold.validate.request import ValidationRequest
from scaffold.validate.runner import validate
from scaffold.write.lock import Lock

_COPY_LIMIT = 4 * 1024 * 1024
"""Files over this size, in bytes, are left out of the copy: no tool judges them."""


@frozen
class Validation:
    """What every tool said of a project."""

    project: Project
    runs: tuple[ToolRun, ...]

    def fails_at(self, severity: Severity | None) -> bool:
        """Whether a finding is at or above `severity`; None never fails."""
        return severity is not None and any(finding.severity >= severity for run in self.runs for finding in run.findings)

    def missing(self, required: frozenset[str]) -> tuple[str, ...]:
        """Return the required tools that did not run; `all` requires every tool that has something to look at."""
        absent = [run for run in self.runs if run.state == "not-run"]
        named = {run.tool for run in absent if run.tool in required or ("all" in required and run.could_run)}
        unknown = required - {run.tool for run in self.runs} - {"all"}
        return tuple(sorted(named | unknown))


def validate_place(
    place: Place, *, everything: bool, environment: Mapping[str, str], before: Mapping[str, str] | None = None
) -> Validation:
    """Judge what the lock lists and what was edited (with `everything` all files); raises UsageError and NothingToReadError.

    `before` gives the text before the edit of each edited file: what it had wrong already does not count.
    """
    edited = dict(before or {})
    project, lock = look(place)
    with tempfile.TemporaryDirectory(prefix="scaffold-") as scratch:
        folder = Path(scratch) / project.name
        _copy(place, project, lock, folder)
        paths = {*lock.paths, *edited, *(project.files if everything else ())}
        sets = _compose_sets(project, lock, edited, everything=everything)
        request = ValidationRequest(
            folder,
            tuple(sorted(paths)),
            sets,
            _profile_sets(project, sets),
            before=edited,
            environment=environment,
        )
        return Validation(project, validate(request))


def _compose_sets(project: Project, lock: Lock, edited: Mapping[str, str], *, everything: bool) -> tuple[tuple[str, ...], ...]:
    """Return the production set, and the sets that hold an edited file; with `everything` every set that can be loaded."""
    sets = [lock.production_set] if lock.production_set else []
    complete = [stack.files for stack in project.stacks if stack.complete]
    sets += [files for files in complete if everything or not edited.keys().isdisjoint(files)]
    return tuple(dict.fromkeys(sets))


def _profile_sets(project: Project, sets: tuple[tuple[str, ...], ...]) -> dict[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Return, for each set with profiles, those that are started together: none, each alone, and what production starts."""
    found: dict[tuple[str, ...], tuple[tuple[str, ...], ...]] = {}
    for stack in project.stacks:
        names = dict.fromkeys(name for service in stack.services for name in service.profiles)
        if stack.files in sets and names:
            choice = choose_profiles(project, stack)
            chosen = choice.profiles if choice else declared_profiles(project, stack.directory)[1]
            known = found.get(stack.files, ())
            found[stack.files] = tuple(dict.fromkeys((*known, (), chosen, *((name,) for name in names))))
    return found


def _copy(place: Place, project: Project, lock: Lock, folder: Path) -> None:
    """Copy the regular files that the project shows, then those of --out over them."""
    for path in sorted({*project.files, *lock.paths}):
        for source in (place.root / path, place.target / path):
            if source.is_file() and not source.is_symlink() and source.stat().st_size <= _COPY_LIMIT:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
    folder.mkdir(parents=True, exist_ok=True)


def show_validation(validation: Validation, view: View, *, fail_on: Severity | None) -> str:
    """Return the report of `validate`."""
    report = ValidateReport(validation.runs, fail_on)
    redactor = Redactor(validation.project)
    if view.form == "json":
        from scaffold.report.validate_json import validate_json

        return validate_json(report, redactor)
    from scaffold.report.validate_text import validate_text

    return validate_text(report, redactor, width=view.width, color=view.color)
