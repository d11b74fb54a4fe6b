"""What an image holds of the project, by the COPY instructions of the stages that it keeps."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import final_stages
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Dockerfile, Instruction, Project

_WILD = frozenset("*?[$")
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip", ".whl")
"""ADD unpacks some of them, and what they hold is not known."""


@frozen
class Copy:
    """What a Dockerfile copies from its context: a path of the project, and where it is in the image."""

    source: str
    destination: str
    location: Location
    into: bool = False
    """Whether the destination is written as a folder, so that a file keeps its name below it."""


def copies_of(dockerfile: Dockerfile, target: str, context: str) -> Iterator[Copy]:
    """Yield what the stage that runs, and those it is built from, copy from the context."""
    folder = "/"
    for stage in reversed(final_stages(dockerfile, target)):
        for item in stage.instructions:
            if item.keyword == "WORKDIR":
                folder = posixpath.join(folder, item.text.strip().strip("\"'"))
            elif item.keyword in {"COPY", "ADD"} and not any(flag.startswith("--from") for flag in item.flags):
                yield from _copy(item, folder, context)


def _copy(item: Instruction, folder: str, context: str) -> Iterator[Copy]:
    words = copy_words(item)
    for source in words[:-1]:
        yield Copy(
            clean(posixpath.join(context, source.lstrip("/"))),
            clean(posixpath.join(folder, words[-1])),
            item.location,
            into=words[-1].endswith(("/", "/.")) or words[-1] in {".", "./"} or len(words) > 2,
        )


def copy_words(item: Instruction) -> list[str]:
    """Return the words of a COPY or ADD, of both its forms; the last one is the destination."""
    return item.text.replace('"', " ").replace("[", " ").replace("]", " ").replace(",", " ").split()


def clean(path: str) -> str:
    """Return a path without `.` and double slashes; `.` for the root of the project."""
    return posixpath.normpath(path or ".")


def holds(project: Project, copies: tuple[Copy, ...], path: str) -> bool:
    """Whether a copy puts a file or folder of the project at `path` of the image; True as well where a pattern may."""
    for copy in copies:
        below = _below(path, copy.destination)
        if below is None:
            continue
        if _WILD & set(copy.source) or copy.source.endswith(_ARCHIVES) or copy.source.startswith("<<"):
            return True
        if copy.source in project.directories or copy.source == ".":
            wanted = clean(posixpath.join(copy.source, below)).removeprefix("./")
        elif below in {"", "."} or (copy.into and below == posixpath.basename(copy.source)):
            wanted = copy.source
        else:
            continue
        if project.exists(wanted):
            return True
    return False


def _below(path: str, folder: str) -> str | None:
    """Return `path` relative to a folder that holds it, or None."""
    if path == folder:
        return "."
    start = folder if folder.endswith("/") else f"{folder}/"
    return path.removeprefix(start) if path.startswith(start) else None
