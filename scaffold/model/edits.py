"""Edits of the user's own files before they are tried: what the plan decides, and the splices that carry it out."""

from __future__ import annotations

from dataclasses import field

from scaffold.model.artifact import Splice
from scaffold.model.document import Document, Location, Span
from scaffold.model.frozen import frozen
from scaffold.model.gap import Gap
from scaffold.model.project import SourceFile


@frozen
class Append:
    """Lines to add at the end of one of the user's files."""

    source: SourceFile
    text: str

    @property
    def splice(self) -> Splice:
        """The splice at the end of the file, on a line of its own and with the file's line ends."""
        whole = self.source.text
        text = self.text if whole.endswith("\n") or not whole else f"\n{self.text}"
        end = len(whole)
        return Splice(Span(end, end), text.replace("\n", "\r\n") if "\r\n" in whole else text)


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
    guards: tuple[str, ...] = ()
    """Variables that become required: their templates have to name them, and no other edit may bring back a default."""
    introduces: tuple[tuple[str, str, str], ...] = ()
    """File, service and variable for each variable that a service reads only after this edit."""
    puts: tuple[tuple[Location, str], ...] = ()
    """The variable that takes the place of the text at each place."""
    appends: tuple[Append, ...] = ()
    """Lines for the user's own templates."""
    brings: tuple[str, ...] = ()
    """Files that scaffold writes and that have to be there with this edit."""
    overlays: tuple[str, ...] = ()
    """The overlays of the production set: an edit names those in a list of files that are written."""
    blocked: str = ""
    """Why it must not be applied as things are, "" when it may be."""
    removes_secret: bool = False
    """Whether a secret value leaves the file, so that the user is told to rotate it."""
    note: str = ""
    """What else changes for the people who use the file, told with the edit before it is made; "" for nothing."""

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
    reason: str = ""
    """Why there are no files."""

    @property
    def place(self) -> str:
        """The file to name in a report: the first that is changed, else the one that holds the gap."""
        return self.files[0].path if self.files else self.task.gaps[0].primary.path
