"""Variables that a command gives Compose for one call, where none of the files of that call reads them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.ci.asking_places import AskingPlace, is_printed
from scaffold.model.deployments import COMPOSE, hides_its_file, named_files
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_GIVES = regex(
    rf"(?:^|[;&|(\"'{{]\s*|\bsudo\s+(?:-E\s+)?|\benv\s+)(?P<sets>(?:[A-Z][A-Z0-9_]*=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|\"']*)\s+)+)(?P<call>{COMPOSE}[^\n;&|]*)"
)
_NAME = regex(r"(?P<name>[A-Z][A-Z0-9_]*)=(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|\"']*)\s")
_OF_TOOLS = regex(
    r"(?:COMPOSE|DOCKER|BUILDKIT|BUILDX|PODMAN|AWS|SSH|GIT)_.*|PATH|HOME|TAR_OPTIONS|UID|GID|LANG|LC_ALL|DEBUG|TZ|TERM|MSYS_NO_PATHCONV"
)
_PASSES = regex(r"\s-e\s|--env\b|\s(?:exec|run)\s")


@frozen
class UnreadVariable:
    """A variable that is set for a call, the files that do not read it, and the command."""

    name: str
    files: tuple[str, ...]
    place: Location


def unread_variables(project: Project, asking: AskingPlace) -> Iterator[UnreadVariable]:
    """Yield the variables in front of a call of Compose which no file of that call mentions, nor what such a file takes in."""
    for line in asking.commands:
        for match in _GIVES.finditer(line.text):
            if _PASSES.search(match["call"]) or hides_its_file(match["call"]) or is_printed(line.text, match.start("call")):
                continue
            files = _files(project, match["call"])
            for item in _NAME.finditer(match["sets"]):
                name = item["name"]
                if files and not _OF_TOOLS.fullmatch(name) and not _is_read(project, files, name):
                    yield UnreadVariable(name, files, line.place)


def _files(project: Project, call: str) -> tuple[str, ...]:
    """Return the compose files that a call may read; () where one that it names is not there."""
    names = named_files(call)
    if not names:
        return tuple(file.path for file in project.compose_files)
    found = {name: [file.path for file in project.compose_files if posixpath.basename(file.path) == name] for name in names}
    return tuple(path for paths in found.values() for path in paths) if all(found.values()) else ()


def _is_read(project: Project, files: tuple[str, ...], name: str) -> bool:
    """Whether a text that the call reads says the name: the files, those beside them that they may take in, env files."""
    word = re.compile(rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])")
    texts = [project.source(path) or "" for path in files]
    if any("include:" in text or "extends:" in text for text in texts):
        texts += [project.source(file.path) or "" for file in project.compose_files]
    values = (entry.value for file in project.env_files for entry in file.entries)
    return any(word.search(text) for text in (*texts, *values))
