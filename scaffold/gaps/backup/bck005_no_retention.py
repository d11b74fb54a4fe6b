"""BCK005: no rule says how long copies are kept."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.coverage import signals, surroundings, their_signals
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_KEPT = regex(
    r"(?i)\b(?:restic\s+)?forget\b|--keep-|\bKEEP\w*|_KEEP_|-mtime\b|\bfind\b[^\n]*-delete\b|retention|\blifecycle\b|\bprune\b|\brotat|\bwal-g\b"
    r"|\bpgbackrest\b|\bbarman\b|\bvelero\b|--expire|\bhead\s+-n\s*-|\btail\s+-n\s*\+|\bexpir"
)
"""Words by which old copies go, or a program that has rules for it."""


def _detect(project: Project) -> Iterator[Gap]:
    theirs = their_signals(project)
    if not theirs or not durable_stores(project) or _KEPT.search(surroundings(project, signals(project))):
        return
    yield RULE.gap(
        resource="backup",
        subject="retention",
        message="Nothing says how long the backups are kept: either each run overwrites the last good copy, or the disk fills.",
        expected="a number of daily, weekly and monthly copies that are kept",
        actual="no rule beside the backups",
        locations=without_repeats(signal.location for signal in theirs),
        environment=main_environment(project),
    )


RULE = Rule(
    code="BCK005",
    name="no-retention",
    layer=Layer.BACKUP,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Keep a few daily, weekly and monthly copies, and remove older ones only after a success."),
    ),
)
