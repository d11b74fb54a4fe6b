"""Whether a step of a build has the lock file that it installs by: in the repository, and copied before the step."""

from __future__ import annotations

import fnmatch
import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copy_words
from scaffold.model.dockerignore import ignore_patterns, leaves_out
from scaffold.model.project import Dockerfile, Instruction, Project, Stage
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_BRINGS = regex(
    r"\bgit\s+clone\b|\b(?:curl|wget|rsync)\s+[-\"'$h](?![^;&|\n]*\.(?:apk|deb|rpm)\b)|\btar\s+-?\w*x|\bunzip\s+(?:-|\S+\.zip)"
    r"|\b(?:npm|pnpm|bun|yarn)\s+(?:i|install|init|deploy|import|fetch|add|create)\b(?!\s+(?:-g|--global|npm@|corepack|pnpm|yarn))"
    r"|\b(?:uv|poetry|pipenv)\s+(?:lock|export)\b|\bturbo\s+prune\b|\bcargo\s+(?:generate-lockfile|chef|init|new)\b"
    r"|\b(?:npx|dlx|bunx)\s+\S*create-|\bcomposer\s+(?:create-project|update|require)\b|\bmix\s+\S*\.new\b"
)
"""Commands after which a lock file may be there that no step has copied."""
_PROGRAMS = regex(r"^/?(?:usr/(?:local/)?)?s?bin/[\w.-]+$|^/?(?:uvx?|composer)$")
"""Paths of single programs in other images: what comes from there is no lock file."""


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


def brings_files(dockerfile: Dockerfile, stage: Stage, step: Instruction, start: int) -> bool:
    """Whether the command that begins at `start` of a step may have files that no copy of the context shows: by a mount, a
    command or step before it, or another stage.
    """
    if any(flag.startswith("--mount") and ("bind" in flag or "type=" not in flag) for flag in step.flags):
        return True
    if _BRINGS.search(step.text, 0, start):
        return True
    return any(
        (item.keyword == "RUN" and _BRINGS.search(item.text))
        or (item.keyword in {"COPY", "ADD"} and (_is_of_another_stage(item) or "<<" in item.text or "://" in item.text))
        for item in _before(dockerfile, stage, step)
    )


def is_copied_before(dockerfile: Dockerfile, stage: Stage, step: Instruction, inside: str) -> bool:
    """Whether a copy before a step may take a file of the context, by its path in there."""
    copies = (item for item in _before(dockerfile, stage, step) if item.keyword in {"COPY", "ADD"})
    return any(_takes(word, inside) for item in copies for word in copy_words(item)[:-1])


def _before(dockerfile: Dockerfile, stage: Stage, step: Instruction) -> Iterator[Instruction]:
    chain = dockerfile.chain(stage.alias) if stage.alias else dockerfile.chain(str(dockerfile.stages.index(stage)))
    for part in reversed(chain):
        for item in part.instructions:
            if item is step:
                return
            yield item


def _is_of_another_stage(item: Instruction) -> bool:
    """Whether a copy takes more than programs out of another stage or image."""
    is_other = any("from=" in flag for flag in item.flags)
    return is_other and not all(_PROGRAMS.search(word) for word in copy_words(item)[:-1])


def _takes(source: str, inside: str) -> bool:
    """Whether a source of a COPY may be the file, or a folder above it."""
    clean = posixpath.normpath(source.lstrip("/") or ".")
    parts = inside.split("/")
    ways = ("/".join(parts[: count + 1]) for count in range(len(parts)))
    return clean == "." or "$" in clean or "://" in clean or any(fnmatch.fnmatchcase(way, clean) for way in ways)
