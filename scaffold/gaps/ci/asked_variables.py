"""Variables that a command gives Compose for one call, where none of the files of that call reads them."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci.asked_files import files_of_call
from scaffold.gaps.ci.asking_places import AskingPlace, is_printed
from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import COMPOSE, hides_its_file
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
_WORD = regex(r"[A-Za-z0-9_]+")
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
            files = files_of_call(project, match["call"])
            for item in _NAME.finditer(match["sets"]) if files is not None and project.compose_files else ():
                name = item["name"]
                if not _OF_TOOLS.fullmatch(name) and not _is_read(project, files or (), name):
                    yield UnreadVariable(name, files or tuple(file.path for file in project.compose_files), line.place)


def _is_read(project: Project, files: tuple[str, ...], name: str) -> bool:
    """Whether a text that the call reads says the name: the files, those beside them that they may take in, env files."""
    if name in _words_of_values(project):
        return True
    if not files or any("include:" in text or "extends:" in text for text in (project.source(path) or "" for path in files)):
        return name in _words(project)
    return any(name in _words_by_file(project)[path] for path in files)


@remembered
def _words_by_file(project: Project) -> dict[str, frozenset[str]]:
    return {file.path: frozenset(_WORD.findall(project.source(file.path) or "")) for file in project.compose_files}


@remembered
def _words(project: Project) -> frozenset[str]:
    return frozenset[str]().union(*_words_by_file(project).values())


@remembered
def _words_of_values(project: Project) -> frozenset[str]:
    values = (entry.value for file in project.env_files for entry in file.entries)
    return frozenset(word for value in values for word in _WORD.findall(value))
