"""What generate writes: whole files, and edits of the user's own files."""

from __future__ import annotations

from dataclasses import field
from pathlib import PurePosixPath

from scaffold.errors import UnsafePathError
from scaffold.model.document import Span
from scaffold.model.frozen import frozen
from scaffold.model.names import Room


def safe_relative_path(path: str) -> str:
    """Return `path` normalised; raises UnsafePathError when it is absolute, leaves the project or has odd characters."""
    pure = PurePosixPath(path)
    bad = pure.is_absolute() or ".." in pure.parts or "\\" in path or any(ord(char) < 32 for char in path)
    if bad or not pure.parts or pure.parts[0] == ".git":
        raise UnsafePathError("a path of a generated file leaves the project", where=repr(path)[:200])
    return str(pure)


@frozen
class Artifact:
    """A file to write, relative to the target folder; mode 0o644, or 0o755 for scripts."""

    path: str
    text: str = field(repr=False)
    room: Room
    closes: tuple[str, ...] = ()
    """Fingerprints of the gaps that it closes."""
    mode: int = 0o644

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", safe_relative_path(self.path))


@frozen
class Splice:
    """New text for a range of a file, in character offsets of the text that was read."""

    span: Span
    text: str


@frozen
class Edit:
    """A change of one of the user's files: all its splices or none; `why` is one sentence for the terminal."""

    path: str
    splices: tuple[Splice, ...]
    codes: tuple[str, ...]
    closes: tuple[str, ...]
    why: str
    removes_secret: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", safe_relative_path(self.path))


@frozen
class Skipped:
    """A file that a generator would have written but leaves alone, or a thing that its target cannot do, with the reason."""

    path: str
    reason: str


@frozen
class Rendering:
    """What one room gives."""

    artifacts: tuple[Artifact, ...] = ()
    edits: tuple[Edit, ...] = ()
    skipped: tuple[Skipped, ...] = ()


def apply_splices(text: str, splices: tuple[Splice, ...]) -> str:
    """Return `text` with all splices applied; raises ValueError when two of them overlap."""
    result = []
    position = 0
    for splice in sorted(splices, key=lambda item: (item.span.start, item.span.end)):
        if splice.span.start < position:
            raise ValueError("two splices overlap")
        result += [text[position : splice.span.start], splice.text]
        position = splice.span.end
    return "".join([*result, text[position:]])
