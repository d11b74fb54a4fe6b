"""The project's own image as pages start it by `docker run`: with its SQLite database inside the container, and no volume."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path
from scaffold.gaps.own_images import is_own_image
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_RUN = regex(r"(?:sudo[ \t]+)?(?:docker|podman)[ \t]+(?:container[ \t]+)?run[ \t]+(?P<rest>[^\n|;&]*)")
_SQLITE = regex(
    r"(?i)\b(?:internal|embedded|built-in|default|local|file-based)[ \t]+SQLite\b"
    r"|\bSQLite[ \t]+(?:database[ \t]+)?by[ \t]+default\b",
    words=("sqlite",),
)
_TRIED = regex(r"(?i)\b(?:try|demo|playground|evaluat\w*|throwaway|ephemeral)\b")
_OLD = regex(r"(?i)change-?log|history|release|archive|migrat|upgrad|/adr|blog|news|contribut|develop")
_KEEPS = ("-v", "--volume", "--mount", "--tmpfs", "--volumes-from")
_TOLD = regex(r"(?i)\b\w*(?:DB|DATABASE|SQL|DSN)\w*=")
_PASSES = frozenset({"-d", "--detach", "--init", "--privileged", "-P", "--publish-all", "--read-only", "-q"})
_ENDS = frozenset({"--rm", "-it", "-ti", "-i", "-t", "--interactive", "--tty", "--entrypoint", "--env-file"})
"""Options of a container that is not to stay, or whose settings are in a file."""
_LINES_BEFORE = 8


@frozen
class Forgetful:
    """A command of a page: the image that it starts, and where it stands."""

    image: str
    location: Location


def forgetful_runs(project: Project) -> Iterator[Forgetful]:
    """Yield the commands by which pages start the project's own image without a volume, where they say that it keeps SQLite."""
    # Where a Dockerfile is at the root, the image with the name of the project is the one that it makes.
    own = project.dockerfile("Dockerfile")
    made = (own,) if own else project.dockerfiles
    if any(item.keyword == "VOLUME" for image in made for stage in image.stages for item in stage.instructions):
        return
    pages = {page.path: page.text for page in project.docs}
    lines: dict[str, list[str]] = {}
    told: set[str] = set()
    for command in project.commands:
        path = command.location.path
        is_page = command.context == "doc" and path in pages and path not in project.owned
        if not is_page or " run " not in command.text or _OLD.search(path) or is_test_path(path) or path in told:
            continue
        image = _image(project, command)
        if not image:
            continue
        if path not in lines:
            lines[path] = pages[path].split("\n")
        before = "\n".join(lines[path][max(0, command.location.line - _LINES_BEFORE) : command.location.line])
        if _SQLITE.search(before) and not _TRIED.search(before):
            told.add(path)
            yield Forgetful(image, command.location)


def _image(project: Project, command: Command) -> str:
    """Return the project's own image that a command starts to stay, with no volume and no word of a database; else ""."""
    match = _RUN.match(command.text.strip())
    try:
        words = shlex.split(match["rest"]) if match else []
    except ValueError:
        return ""
    position = 0
    while position < len(words) and words[position].startswith("-"):
        word = words[position]
        if word.startswith(_KEEPS) or word.partition("=")[0] in _ENDS:
            return ""
        position += 1 if "=" in word or word in _PASSES else 2
    # Words behind the image are a command of its own, which may end.
    if position != len(words) - 1 or _TOLD.search(command.text):
        return ""
    return words[position] if is_own_image(project, ImageReference.parse(words[position])) else ""
