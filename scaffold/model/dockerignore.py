"""What a .dockerignore leaves out of a build context."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from functools import lru_cache

from scaffold.model.frozen import frozen
from scaffold.model.known import known
from scaffold.model.project import Dockerfile, Project


@frozen
class IgnoreGroup:
    """Patterns of a .dockerignore with the reason that stands above them."""

    reason: str
    patterns: tuple[str, ...]


@frozen
class DockerignorePlan:
    """One .dockerignore, beside the files of a build context."""

    path: str
    groups: tuple[IgnoreGroup, ...]


def ignore_file(project: Project, dockerfile: Dockerfile, context: str) -> str:
    """Return the file whose patterns count for this build, one of the Dockerfile's own first; "" where there is none."""
    read = known(_patterns, project.dockerignores)
    return next(
        (path for path in _ignore_paths(dockerfile, context) if path in read or path in known(frozenset, project.files)), ""
    )


def ignore_patterns(project: Project, dockerfile: Dockerfile, context: str) -> tuple[str, ...]:
    """Return the patterns of the file whose patterns count for this build; none where there is no such file."""
    read = known(_patterns, project.dockerignores)
    return next((read[path] for path in _ignore_paths(dockerfile, context) if path in read), ())


def _patterns(files: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, tuple[str, ...]]:
    return dict(files)


def _ignore_paths(dockerfile: Dockerfile, context: str) -> tuple[str, str]:
    return f"{dockerfile.path}.dockerignore", ignore_path(context)


def ignore_path(context: str) -> str:
    """Return where the .dockerignore of a build context is."""
    return f"{context}/.dockerignore" if context else ".dockerignore"


def leaves_out(patterns: Iterable[str], path: str) -> bool:
    """Whether the lines of a .dockerignore keep `path` out of the context, as docs.docker.com/build/concepts/context says it.

    A pattern that takes a folder takes what is below; the last line that matches decides, `!` lets in again.
    """
    parts = path.split("/")
    ways = ["/".join(parts[: count + 1]) for count in range(len(parts))]
    out = False
    for line in patterns:
        pattern = posixpath.normpath(line.removeprefix("!").strip()).lstrip("/")
        if any(_matches(pattern, way) for way in ways):
            out = not line.startswith("!")
    return out


def _matches(pattern: str, path: str) -> bool:
    if not set(pattern) & set("*?["):
        return pattern == path
    try:
        return re.fullmatch(_expression(pattern), path) is not None
    except re.error:  # A range such as [z-a] stops the build with an error.
        return False


@lru_cache(maxsize=512)
def _expression(pattern: str) -> str:
    """Return the regular expression of a pattern: `**` any folders, `*` and `?` inside a name, `[...]` as in Go."""
    found = []
    index = 0
    while index < len(pattern):
        rest = pattern[index:]
        if rest.startswith("**/"):
            found.append("(?:.*/)?")
            index += 3
        elif rest.startswith("**"):
            found.append(".*")
            index += 2
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            inner = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
            found.append(f"[{inner}]")
            index += end + 1
        else:
            found.append({"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0])))
            index += 1
    return "".join(found)
