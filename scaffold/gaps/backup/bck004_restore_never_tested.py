"""BCK004: backups are made, and nothing ever restores one."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.coverage import their_signals
from scaffold.gaps.backup.restores import is_restored_in_ci, is_tried_with_each_copy, page_of_trials, restore_program
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project

_UNKNOWN = "whether the copies can be read is found out in an outage"


def _detect(project: Project) -> Iterator[Gap]:
    theirs = their_signals(project)
    if not theirs or not durable_stores(project) or is_restored_in_ci(project):
        return
    if is_tried_with_each_copy(project, (signal.location for signal in theirs)):
        return
    trials, program = page_of_trials(project), restore_program(project)
    message, actual = f"Nothing in this repository tries a restore: {_UNKNOWN}.", "no workflow restores anything"
    if trials:
        message = (
            f"A restore is tried by hand alone, as {trials.path}:{trials.line} asks for: between two trials, and after one that"
            f" was left out, {_UNKNOWN}."
        )
        actual = "a trial by hand"
    elif program:
        message = f"{program.path} restores a backup when somebody starts it, and nothing tries it before: {_UNKNOWN}."
        actual = "a program that no workflow and no clock starts"
    yield RULE.gap(
        resource="backup",
        subject="restore-test",
        message=message,
        expected="a workflow that restores a copy into a server thrown away after, and compares",
        actual=actual,
        locations=without_repeats(signal.location for signal in theirs),
        related=tuple(place for place in (trials or program,) if place),
        severity=Severity.LOW if trials else Severity.MEDIUM,
        environment=main_environment(project),
    )


RULE = Rule(
    code="BCK004",
    name="restore-never-tested",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(None, "advice", "Restore a copy into an empty server in CI every week, and compare a few counts."),),
)
