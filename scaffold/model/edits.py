"""Edits of the user's own files before they are tried: what the plan decides, and the splices that carry it out."""

from __future__ import annotations

from dataclasses import field

from scaffold.model.artifact import Splice
from scaffold.model.document import Document
from scaffold.model.frozen import frozen
from scaffold.model.gap import Gap
from scaffold.model.project import SourceFile


@frozen
class EditTask:
    """Gaps that one change closes together, with the files that hold the positions: applied whole or not at all."""

    kind: str
    """The name of the editor that makes the splices (scaffold/generate/edits/)."""
    gaps: tuple[Gap, ...]
    documents: tuple[Document, ...] = ()
    """The YAML files that the editor may change, with their positions."""
    sources: tuple[SourceFile, ...] = ()
    """The other files that the editor may change."""
    needs: tuple[str, ...] = ()
    """Code and resource of gaps that have to be closed in the same run (`CMP003 base/chroma`): without, this would break."""
    service: str = ""
    """The service that is changed, "" where it is told by the gaps' evidence."""
    healthcheck: tuple[str, ...] = ()
    """For a healthcheck: the test to write in place of one that cannot pass."""
    decided: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What else the plan decided for this kind, as names and texts."""
    removes_secret: bool = False
    """Whether a secret value leaves the file, so that the user is told to rotate it."""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of its gaps, each once."""
        return tuple(dict.fromkeys(gap.code for gap in self.gaps))

    @property
    def closes(self) -> tuple[str, ...]:
        """The fingerprints of its gaps."""
        return tuple(gap.fingerprint for gap in self.gaps)

    @property
    def marks(self) -> frozenset[str]:
        """Code and resource of its gaps, as `needs` of other tasks name them."""
        return frozenset(f"{gap.code} {gap.resource}" for gap in self.gaps)

    @property
    def document(self) -> Document:
        """The first YAML file, for kinds that change one."""
        return self.documents[0]


@frozen
class FileSplices:
    """The splices of one file."""

    path: str
    splices: tuple[Splice, ...]


@frozen
class Proposal:
    """A task with the splices of every file that it changes; without files the lines are not in a form that can be edited."""

    task: EditTask
    files: tuple[FileSplices, ...] = ()

    @property
    def place(self) -> str:
        """The file to name in a report: the first that is changed, else the one that holds the gap."""
        return self.files[0].path if self.files else self.task.gaps[0].primary.path
