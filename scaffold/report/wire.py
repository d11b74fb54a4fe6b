"""What the reports are made from: plain values that the pipeline fills, so that the model can change without the outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field

from scaffold.model.document import Problem
from scaffold.model.finding import ToolRun
from scaffold.model.frozen import frozen
from scaffold.model.gap import JudgedGap, LayerCard
from scaffold.model.names import Room, Severity


@frozen
class GapsReport:
    """Everything that the reports of `gaps` say; gaps are sorted worst first."""

    project: str
    gaps: tuple[JudgedGap, ...]
    cards: tuple[LayerCard, ...]
    problems: tuple[Problem, ...] = ()
    fail_on: Severity | None = Severity.HIGH
    everything: bool = False
    hidden: int = 0
    """How many gaps of low confidence were left out of `gaps`."""
    built: frozenset[Room] | None = None
    """The rooms that this version can write; None when every one can."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """The title of each rule that has a gap, for SARIF; a rule without one shows its name."""
    version: str = ""
    """The version of scaffold, for SARIF."""

    @property
    def open(self) -> tuple[JudgedGap, ...]:
        """The gaps that count."""
        return tuple(item for item in self.gaps if item.status == "open")

    @property
    def told(self) -> tuple[JudgedGap, ...]:
        """The gaps that are counted: of one cause the one that names the places of the others."""
        return tuple(item for item in self.open if not item.gap.is_detail)

    def worst(self, at_most: int) -> tuple[JudgedGap, ...]:
        """Return the most severe counted gaps; of one severity, one of each rule before a second one of any."""
        found, seen = self.told, Counter[tuple[Severity, str]]()
        turns = []
        for index, item in enumerate(found):
            mark = (item.gap.severity, item.gap.code)
            turns.append((-item.gap.severity, seen[mark], index))
            seen[mark] += 1
        return tuple(found[index] for index in sorted(index for *_, index in sorted(turns)[:at_most]))

    @property
    def failing(self) -> int:
        """How many gaps are at or above the severity that makes the command fail."""
        return 0 if self.fail_on is None else sum(item.gap.severity >= self.fail_on for item in self.told)


@frozen
class ValidateReport:
    """Everything that the reports of `validate` say."""

    runs: tuple[ToolRun, ...]
    fail_on: Severity | None = Severity.LOW

    @property
    def failing(self) -> int:
        """How many findings are at or above the severity that makes the command fail."""
        found = [finding for run in self.runs for finding in run.findings]
        return 0 if self.fail_on is None else sum(finding.severity >= self.fail_on for finding in found)


@frozen
class FileChange:
    """One file that `generate` writes or leaves; state is new, same, updated, merged, conflict, skipped, removed or kept."""

    path: str
    state: str
    room: str
    closes: tuple[str, ...] = ()
    """Fingerprints of the gaps that it closes."""
    reason: str = ""
    diff: str = field(default="", repr=False)
    """The unified diff, already redacted; "" when none is to be shown."""


@frozen
class FileEdit:
    """One edit of the user's own file; `reason` tells why it is not applied, "" when it is."""

    path: str
    codes: tuple[str, ...]
    closes: tuple[str, ...]
    why: str
    removes_secret: bool = False
    reason: str = ""
    diff: str = field(default="", repr=False)


@frozen
class LeftAlone:
    """A file that would have been written but is left alone, with the reason."""

    path: str
    reason: str


@frozen
class GenerateReport:
    """Everything that the reports of `generate` say."""

    project: str
    files: tuple[FileChange, ...]
    edits: tuple[FileEdit, ...] = ()
    skipped: tuple[LeftAlone, ...] = ()
    open_gaps: int = 0
    """How many gaps were open before, as `gaps` counts them: one a cause."""
    closed_gaps: int = 0
    """How many of them are gone with all their places once everything is written."""
    closed: frozenset[str] = frozenset()
    """Fingerprints of the gaps that are gone once everything is written."""
    written: bool = False
    """Whether this tells what was done; else what would be done."""
