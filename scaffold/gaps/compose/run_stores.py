"""Stores that scripts and make targets start by `docker run` and the like, without a place for their data."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.gaps.kubernetes.k8s011_store_without_volume import RECORDS
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_RUN = regex(r"\b(?P<tool>docker|podman|nerdctl|container)[ \t]+(?:container[ \t]+)?run[ \t]+(?P<rest>[^\n]*)")
_DETACHED = frozenset({"-d", "--detach", "-dit", "-itd", "-td", "-di"})
_KEEPS = ("-v", "--volume", "--mount", "--tmpfs", "--volumes-from")
_NO_VALUE = frozenset(
    {*_DETACHED, "--rm", "-i", "-t", "-it", "-ti", "--init", "--privileged", "-P", "--publish-all", "--read-only", "-q"}
)
_VARIABLE = regex(r"\$\{?(?P<name>[A-Za-z_]\w*)\}?|\$\((?P<target>[A-Za-z_]\w*)\)")
_OF_OTHERS = regex(
    r"(?i)(?:^|[^a-z])(?:dev|development|local|tests?|testing|ci|e2e|demo|tmp|temp|scratch|sandbox|bench\w*|example|quick\w*|drill)(?:[^a-z]|$)"
)
_REMOVES = regex(r"\b(?:docker|podman|nerdctl|container)[ \t]+(?:container[ \t]+)?(?:rm|delete)\b")


@frozen
class RunStore:
    """A store that a command starts: its image, where, and whether the same file removes containers."""

    image: str
    location: Location
    is_removed: bool


def run_stores(project: Project) -> Iterator[RunStore]:
    """Yield the stores that a script or a make target starts in the background without a volume and removes again."""
    for command in project.commands:
        path = command.location.path
        if command.context not in {"script", "makefile"} or " run " not in command.text or is_test_path(path):
            continue
        if path in project.owned or path_environment(path) in TRIED or _OF_OTHERS.search(f"{path} {command.owner}"):
            continue
        match = _RUN.search(command.text)
        image = _image(project, command, match["rest"]) if match else ""
        if image:
            removed = "--rm" in command.text or bool(_REMOVES.search(project.source(path) or _file_text(project, path)))
            yield RunStore(image, command.location, removed)


def _file_text(project: Project, path: str) -> str:
    return "\n".join(command.text for command in project.commands if command.location.path == path)


def _image(project: Project, command: Command, rest: str) -> str:
    """Return the image of a store that runs in the background without a place for its data, "" for all else."""
    try:
        words = shlex.split(rest)
    except ValueError:
        return ""
    options: list[str] = []
    name = ""
    position = 0
    while position < len(words):
        word = words[position]
        if not word.startswith("-"):
            name = _resolved(project, command.location.path, word)
            break
        options.append(word)
        takes_value = "=" not in word and word not in _NO_VALUE
        options += [words[position + 1]] if takes_value and position + 1 < len(words) else []
        position += 2 if takes_value else 1
    is_kept = any(word.startswith(_KEEPS) for word in options)
    runs_on = any(word in _DETACHED for word in options)
    base = re.sub(r"[:@].*", "", name).rpartition("/")[2]
    return name if base in RECORDS and runs_on and not is_kept and not _OF_OTHERS.search(" ".join(options)) else ""


def _resolved(project: Project, path: str, word: str) -> str:
    """Return a word with the one variable that it is taken from an assignment of the same file, "" where none is seen."""
    match = _VARIABLE.fullmatch(word)
    if match is None:
        return "" if "$" in word else word
    name = match["name"] or match["target"]
    assigned = re.compile(
        rf"(?m)^[ \t]*(?:export[ \t]+|readonly[ \t]+)?{name}[ \t]*[:?]?=[ \t]*[\"']?(?:\$\{{{name}:-)?(?P<value>[\w./:@-]+)"
    )
    found = assigned.search(project.source(path) or _file_text(project, path))
    return found["value"] if found else ""
