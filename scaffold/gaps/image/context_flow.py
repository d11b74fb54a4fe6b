"""Whether what a build stage takes in reaches the image: through base stages and through copies of whole folders."""

from __future__ import annotations

import posixpath

from scaffold.gaps.facts import final_stages
from scaffold.model.project import Dockerfile, Instruction, Stage

_EVERYTHING = frozenset({".", "./", "./.", "*", "./*"})


def copies_everything(item: Instruction) -> bool:
    """Whether an instruction copies the whole build context."""
    return item.keyword in {"COPY", "ADD"} and not _origin(item) and any(word in _EVERYTHING for word in _words(item)[:-1])


def reaches_image(dockerfile: Dockerfile, target: str = "") -> bool:
    """Whether the stage that runs holds a whole context; True as well where a path is unknown."""
    held: dict[str, frozenset[str]] = {}
    for number, stage in enumerate(dockerfile.stages):
        paths = _held_by(stage, held)
        held |= {stage.alias: paths, str(number): paths} if stage.alias else {str(number): paths}
        if stage is dockerfile.stage(target):
            return bool(paths)
    return True


def removed(dockerfile: Dockerfile, target: str = "") -> frozenset[str]:
    """Return the names that build stages delete before the image copies from them; its own layers keep what they held."""
    kept = final_stages(dockerfile, target)
    runs = [
        item.text for stage in dockerfile.stages if stage not in kept for item in stage.instructions if item.keyword == "RUN"
    ]
    lines = [part for text in runs for line in text.split("\n") for part in line.split("&&") if part.split()[:1] == ["rm"]]
    return frozenset(word.rstrip("/").rpartition("/")[2] for line in lines for word in line.rstrip("\\; ").split()[1:])


def _held_by(stage: Stage, held: dict[str, frozenset[str]]) -> frozenset[str]:
    paths = set(held.get(stage.base, ()))
    folder = "/"
    for item in stage.instructions:
        if item.keyword == "WORKDIR":
            folder = posixpath.join(folder, item.text.strip().strip("\"'"))
        elif copies_everything(item):
            paths.add(_clean(posixpath.join(folder, _words(item)[-1])))
        elif item.keyword == "COPY" and _origin(item) in held:
            paths |= _handed_on(item, held[_origin(item)], folder)
    return frozenset(paths)


def _handed_on(item: Instruction, paths: frozenset[str], folder: str) -> set[str]:
    """Return where whole contexts of another stage are after a copy: only a copy of the folder or of one above takes them."""
    *sources, destination = [_clean(word) for word in _words(item)]
    found = set()
    for source in ("/" + source.lstrip("/") for source in sources):
        for path in paths:
            if "$" in source or "$" in path or path == source or path.startswith(source.rstrip("/") + "/"):
                rest = posixpath.relpath(path, source) if "$" not in source + path else "."
                found.add(_clean(posixpath.join(folder, destination, rest)))
    return found


def _origin(item: Instruction) -> str:
    return next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")


def _words(item: Instruction) -> list[str]:
    return item.text.replace('"', " ").replace("[", " ").replace("]", " ").replace(",", " ").split() or [""]


def _clean(path: str) -> str:
    return posixpath.normpath(path)
