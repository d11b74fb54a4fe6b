"""Where each stage of a Dockerfile has which folders and files of the project, through copies from stage to stage."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import clean, copy_words
from scaffold.model.frozen import frozen
from scaffold.model.project import Dockerfile, Instruction, Stage
from scaffold.model.starting import is_below

_WILD = frozenset("*?[")
_MOST = 1_000
"""Paths of one stage: stages that copy the one before twice each double them."""


@frozen
class Held:
    """A path of the project, or a pattern of names in a folder, at a place of a stage; what the build writes lies there too."""

    place: str
    source: str


@frozen
class Taken:
    """What a stage copies from another one: the place there, and the stage's own name or number."""

    stage: str
    place: str


@frozen
class Content:
    """What the stage that runs holds of the project, and what it and its bases took from other stages, which hold `behind`."""

    held: tuple[Held, ...]
    taken: tuple[Taken, ...]
    behind: tuple[tuple[str, tuple[Held, ...]], ...]

    def holds(self, path: str) -> bool:
        """Whether a file of the project, or something in a folder of it, is in the image as it is in the repository."""
        return any(_covers(item.source, path) or is_below(item.source, path) for item in self.held)

    def takes_what_is_made_of(self, path: str, folder: str | None = None) -> bool:
        """Whether the image takes something out of a stage that holds a file, or only what was written below a folder."""
        behind = dict(self.behind)
        found = [(taken, item) for taken in self.taken for item in behind[taken.stage] if _covers(item.source, path)]
        if folder is None:
            return bool(found)
        places = [(taken.place, _of(item, folder)) for taken, item in found]
        return any(place and taken != place and is_below(taken, place) for taken, place in places)


@frozen
class _Made:
    """What a stage holds and took, and the folder in which its steps end, where those of a stage on top of it begin."""

    held: tuple[Held, ...] = ()
    taken: tuple[Taken, ...] = ()
    folder: str = "/"


def content_of(dockerfile: Dockerfile, target: str, context: str) -> Content | None:
    """Return the content of the stage that runs, or None where a variable hides a path or a stage."""
    known: dict[str, _Made] = {}
    for number, stage in enumerate(dockerfile.stages):
        made = _made(stage, context, known)
        if made is None:
            return None
        known.update(dict.fromkeys(filter(None, (stage.alias, str(number))), made))
        if stage is dockerfile.stage(target):
            return Content(made.held, made.taken, tuple((name, behind.held) for name, behind in known.items()))
    return None


def _made(stage: Stage, context: str, known: dict[str, _Made]) -> _Made | None:
    base = known.get(stage.base, _Made())
    held, taken, folder = list(base.held), list(base.taken), base.folder
    for item in stage.instructions:
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder, item.text.strip().strip("\"'"))
        elif item.keyword in {"COPY", "ADD"}:
            words = copy_words(item)
            origin = next((flag.partition("=")[2].lower() for flag in item.flags if flag.startswith("--from")), "")
            if "$" in item.text + folder + origin or "<<" in item.text or len(words) < 2:
                return None
            place = inside_image(posixpath.join(folder, words[-1]))
            for source in words[:-1]:
                if not origin:
                    held += _from_context(source, place, context, item)
                elif origin in known:
                    at = inside_image(_plain(posixpath.dirname(source) if _WILD & set(source) else source))
                    taken.append(Taken(origin, at))
                    held += _handed_on(known[origin].held, at, place)
            if len(held) > _MOST:
                return None
    return _Made(tuple(held), tuple(taken), folder)


def _plain(source: str) -> str:
    """Return a path up to the folder above its first pattern of folders, as all in there may be meant."""
    parts = source.split("/")
    wild = next((number for number, part in enumerate(parts[:-1]) if _WILD & set(part)), len(parts))
    return "/".join(parts[:wild]) or "."


def _covers(source: str, path: str) -> bool:
    folder, _, name = source.rpartition("/")
    if not _WILD & set(name):
        return is_below(path, source)
    first = posixpath.relpath(path, folder or ".").partition("/")[0]
    return first != ".." and fnmatch.fnmatchcase(first, name)


def _from_context(source: str, place: str, context: str, item: Instruction) -> Iterator[Held]:
    if item.keyword == "COPY" or ":" not in source:
        found = clean(posixpath.join(context, _plain(source).lstrip("/") or "."))
        yield Held(place, "" if found == "." else found)


def _handed_on(held: tuple[Held, ...], at: str, place: str) -> Iterator[Held]:
    """Yield what a copy of a place of another stage brings: all that lies below it, and a part of what lies above it."""
    for item in held:
        if is_below(item.place, at):
            yield Held(inside_image(posixpath.join(place, posixpath.relpath(item.place or ".", at or "."))), item.source)
        elif is_below(at, item.place):
            inside = posixpath.relpath(at or ".", item.place or ".")
            folder = posixpath.dirname(item.source) if _WILD & set(item.source) else item.source
            found = posixpath.normpath(posixpath.join(folder, inside))
            if folder == item.source or _covers(item.source, found):
                yield Held(place, found)


def _of(item: Held, folder: str) -> str:
    """Return the place of a folder of the project, by a copy of it, of one in it or of one above it; "" where it is unknown."""
    found = posixpath.normpath(posixpath.join(item.place, posixpath.relpath(folder or ".", item.source or ".")))
    return "" if found.startswith("..") or found == "." else found


def inside_image(path: str) -> str:
    """Return a path of an image without its first slash, "" for the root."""
    return clean(posixpath.join("/", path)).lstrip("/")
