"""BCK004: backups are made, and nothing ever restores one."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.coverage import their_signals
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_RESTORES = regex(
    r"\bpg_restore\b|\bmongorestore\b|\brestic\s+restore\b|\bpsql\b[^\n]*(?:<|-f\s)[^\n]*(?:dump|backup)|restore[-_]test|test[-_]restore"
    r"|verify[-_]backup|backup[-_]verify|\bpgbackrest\b[^\n]*\brestore\b|\bpg_verifybackup\b|\bwal-g\s+backup-fetch\b"
)


def _is_restored(project: Project) -> bool:
    """Whether a workflow restores a copy, itself or by a script that it calls."""
    called = [command.text for command in project.commands if command.context == "workflow"]
    scripts = {command.location.path for command in project.commands if command.context == "script"}
    names = {path for path in scripts if any(path.rpartition("/")[2] in text for text in called)}
    inside = [command.text for command in project.commands if command.location.path in names]
    return any(_RESTORES.search(text) for text in (*called, *inside))


def _detect(project: Project) -> Iterator[Gap]:
    theirs = their_signals(project)
    if not theirs or not durable_stores(project) or _is_restored(project):
        return
    yield RULE.gap(
        resource="backup",
        subject="restore-test",
        message="Nothing in this repository restores a backup: whether the copies can be read is found out in an outage.",
        expected="a workflow that restores a copy into a server thrown away after, and compares",
        actual="no workflow restores anything",
        locations=without_repeats(signal.location for signal in theirs),
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
