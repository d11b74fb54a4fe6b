"""The sets of compose files that commands and env files name together."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from scaffold.model.frozen import frozen
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, EnvFile
from scaffold.model.regex import regex
from scaffold.read.compose.reader import join
from scaffold.read.environments import class_of_word

BASE_NAMES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""What docker compose looks for, in its order."""
OVERRIDE_NAMES = (
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
)
"""What docker compose merges over the base by itself, in its order."""

_COMPOSE_NAME = regex(
    r"(?:docker-|podman-)?compose(?:[._-][\w.+-]+)?\.ya?ml|[\w.+-]+[._-](?:docker-|podman-)?compose(?:[._-][\w.+-]+)?\.ya?ml",
    re.IGNORECASE,
    words=("compose",),
)
_STACK_NAME = regex(
    r"(?P<base>docker-(?:swarm|stack))(?P<variant>[._-][\w.+-]+)?\.ya?ml", re.IGNORECASE, words=("docker-swarm", "docker-stack")
)
"""What people call the files that `docker stack deploy` is given."""
_INVOCATION = regex(r"(?:docker[ -]compose|podman[ -]compose|stack\s+deploy)\b(?P<rest>[^|;&\n]*)")
_STARTS_FOR_GOOD = regex(r"\bcompose\b[^|;&\n]*\sup\b[^|;&\n]*\s(?:-d|--detach)\b|\bstack\s+deploy\b")
_FILE_OPTION = regex(r"(?:^|\s)(?:-f|--file|-c|--compose-file)(?:\s+|=)?(?P<path>[^\s\"'`()$<>]+|\"[^\"$]+\"|'[^'$]+')")
_OPTIONS = regex(r"\b\w*COMPOSE\w*\s*[:?+]?=\s*[\"'(]*\s*(?P<rest>(?:-f|--file)[\s=][^\"')]*)", re.IGNORECASE)
_OVERRIDE_VARIANT = regex(r"(?:docker-)?compose\.override\.[\w-]+\.ya?ml", words=("compose.override.",))
_CHANGE_DIRECTORY = regex(r"(?:^|[;&]\s*)cd\s+(?P<path>[\w./-]+)\s*(?:&&|;)")
_COMPOSE_FILE = regex(r"\bCOMPOSE_FILE=[\"']?(?P<paths>[\w./:;-]+)")


@frozen
class NamedSet:
    """Files that one place names together; `word` is the target, script or environment that does."""

    files: tuple[str, ...]
    evidence: str
    word: str = ""
    deploys: bool = False
    """Whether a workflow starts them for good, in a job or file that is called a deployment to production."""


def is_compose_path(path: str) -> bool:
    """Whether a file is named like a compose file and is no workflow."""
    name = posixpath.basename(path)
    return bool(_COMPOSE_NAME.fullmatch(name) or _STACK_NAME.fullmatch(name)) and not path.startswith(".github/")


def stack_bases(path: str) -> tuple[str, ...]:
    """Return the files that a variant of a swarm's file may lie over: docker-swarm.yaml for docker-swarm.staging.yaml."""
    found = _STACK_NAME.fullmatch(posixpath.basename(path))
    if found is None or not found["variant"]:
        return ()
    return tuple(posixpath.join(posixpath.dirname(path), f"{found['base']}.{ending}") for ending in ("yaml", "yml"))


def is_override_variant(path: str) -> bool:
    """Whether a file is named to take the place of the override, by a link or a copy: docker-compose.override.https.yml."""
    return bool(_OVERRIDE_VARIANT.fullmatch(posixpath.basename(path)))


def sets_of_commands(
    commands: Iterable[Command], known: frozenset[str], owned: frozenset[str] = frozenset()
) -> Iterator[NamedSet]:
    """Yield the set of each `docker compose -f ... -f ...` whose files all exist, without the overlays among `owned`: an edit
    may have added them to the user's list.
    """
    for command in commands:
        if "compose" not in command.text.lower() and "stack deploy" not in command.text:
            continue
        for names in _named_files(command.text):
            files = _existing(names, _directories(command), known, owned if command.location.path not in owned else frozenset())
            if files:
                place = f"{command.location.path}:{command.location.line}"
                word = command.owner or posixpath.basename(command.location.path)
                yield NamedSet(files, f"{place} runs {' with '.join(files)}", word, _deploys(command))


def _deploys(command: Command) -> bool:
    """Whether a command of a workflow starts containers that go on after it, and job or file say that this is production."""
    if command.context != "workflow" or not _STARTS_FOR_GOOD.search(command.text):
        return False
    names = (command.owner, posixpath.splitext(posixpath.basename(command.location.path))[0])
    classes = {kind for name in names if (kind := class_of_word(name)) is not None}
    return classes == {EnvironmentClass.PRODUCTION}


def _named_files(text: str) -> Iterator[tuple[str, ...]]:
    for match in (*_INVOCATION.finditer(text), *_OPTIONS.finditer(text)):
        head = match["rest"]
        found = tuple(option["path"].strip("\"'") for option in _FILE_OPTION.finditer(head))
        paths = tuple(path for path in found if path.endswith((".yml", ".yaml")))
        if paths:
            yield paths
    for match in _COMPOSE_FILE.finditer(text):
        yield tuple(filter(None, re.split(r"[:;]", match["paths"])))


def _directories(command: Command) -> tuple[str, ...]:
    """The folders that a command may run in: where it changes to, the root, and its own file's folder and the one above."""
    own = posixpath.dirname(command.location.path)
    starts = ["", own, posixpath.dirname(own)]
    if command.context == "makefile":
        starts = [own, ""]
    changed = _CHANGE_DIRECTORY.search(command.text)
    moved = [path for start in starts if changed and (path := join(start, changed["path"])) is not None]
    return tuple(dict.fromkeys((*moved, *starts)))


def _existing(
    names: tuple[str, ...], directories: Iterable[str], known: frozenset[str], without: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """The files as paths relative to the root, from the first folder in which all of them exist, but for those to leave out."""
    for directory in directories:
        paths = [path for name in names if (path := join(directory, name)) not in without]
        if paths and all(path is not None and path in known for path in paths):
            return tuple(dict.fromkeys(path for path in paths if path is not None))
    return ()


def sets_of_env_files(env_files: Iterable[EnvFile], known: frozenset[str]) -> Iterator[NamedSet]:
    """Yield the set that `COMPOSE_FILE` names in each env file."""
    for env_file in env_files:
        entry = env_file.entry("COMPOSE_FILE")
        if entry is None or entry.commented:
            continue
        separator = env_file.entry("COMPOSE_PATH_SEPARATOR")
        names = tuple(
            filter(None, re.split(re.escape(separator.value) if separator and separator.value else "[:;]", entry.value))
        )
        folder = posixpath.dirname(env_file.path)
        files = _existing(names, (folder, ""), known) if names else ()
        if files:
            place = f"{entry.location.path}:{entry.location.line}"
            yield NamedSet(files, f"{place} sets COMPOSE_FILE to {' and '.join(files)}", env_file.environment)
