"""Whether a step of a build has the lock file that it installs by: in the repository, and copied before the step."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copy_words
from scaffold.gaps.image.builds import ignore_patterns
from scaffold.model.dockerignore import leaves_out
from scaffold.model.project import Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_BRINGS = regex(
    r"\b(?:git\s+clone|curl|wget|tar|unzip|rsync)\b|\bnpm\s+(?:i|install|init)\b|\bpnpm\s+(?:i|install|deploy|import|fetch)\b"
    r"|\b(?:uv|poetry|pipenv)\s+(?:lock|export)\b|\bturbo\s+prune\b"
)
"""Steps after which a lock file may be there that no step has copied."""


def lock_files(project: Project, dockerfile: Dockerfile, context: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lock files of some names in a build context, those left out that its .dockerignore keeps from it."""
    patterns = ignore_patterns(project, dockerfile, context)
    found = (path for path in project.present if path.rpartition("/")[2] in names and is_below(path, context))
    return tuple(
        sorted(
            path
            for path in found
            if "node_modules/" not in path and not leaves_out(patterns, posixpath.relpath(path, context or "."))
        )
    )


def is_seen(dockerfile: Dockerfile, stage: Stage, step: Instruction, inside: str) -> bool:
    """Whether a step may see a file of the context, by its path in there: a copy before it may take it, or a mount gives it."""
    if any("bind" in flag and not _other_origin(flag) for flag in step.flags):
        return True
    return any(_gives(item, inside) for item in _before(dockerfile, stage, step))


def _before(dockerfile: Dockerfile, stage: Stage, step: Instruction) -> Iterator[Instruction]:
    chain = dockerfile.chain(stage.alias) if stage.alias else dockerfile.chain(str(dockerfile.stages.index(stage)))
    for part in reversed(chain):
        for item in part.instructions:
            if item is step:
                return
            yield item


def _other_origin(flag: str) -> bool:
    return "from=" in flag


def _gives(item: Instruction, inside: str) -> bool:
    if item.keyword == "RUN":
        return bool(_BRINGS.search(item.text))
    if item.keyword not in {"COPY", "ADD"}:
        return False
    if any(flag.startswith("--from") for flag in item.flags) or "<<" in item.text:
        return True
    return any(_takes(word, inside) for word in copy_words(item)[:-1])


def _takes(source: str, inside: str) -> bool:
    """Whether a source of a COPY may be the file, or a folder above it."""
    clean = posixpath.normpath(source.lstrip("/") or ".")
    parts = inside.split("/")
    ways = ("/".join(parts[: count + 1]) for count in range(len(parts)))
    return clean == "." or "$" in clean or "://" in clean or any(fnmatch.fnmatchcase(way, clean) for way in ways)
