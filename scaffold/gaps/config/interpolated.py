"""Variables of a compose file that stand in an `env_file` of its services alone, which feeds containers and nothing else."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.env_templates import template_of
from scaffold.model.frozen import frozen
from scaffold.model.project import EnvEntry, EnvFile, Project
from scaffold.model.regex import regex

_DOT_ENV = regex(r"(?P<folder>[\w$.{}()/-]*/)?\.env(?![\w.-])", words=(".env",))
_GIVES = regex(r"--env-file|COMPOSE_ENV_FILES|\bsource\b|(?:^|[\s;&])\.\s|\bexport\b|\bxargs\b|\binclude\b|\bln\s|\benvsubst\b")
"""How a line gives Compose the values of a file."""
_MAKES = regex(
    r"\b(?:cp|mv|ln|scp|rsync|touch|tee|cat|nano|vim?|source|creat\w+|cop(?:y|ies)|renam\w+|generat\w+|writ\w+|edit\w*|fill)\b|[>=]"
    r"|symlink|substitut|interpolat",
    re.IGNORECASE,
)
"""Words of a line that has somebody make, change or load a file; others only speak of one."""
_STORES_OF_SECRETS = regex(r"\b(?:sops|doppler|infisical|chamber|dotenvx)\b|\bop\s+run\b|\bvault\s+(?:kv|read)\b")


@frozen
class Unread:
    """What Compose does not find: the env file that has it, the service that refers to it first, and each name's places: that
    of the reference and that of the file's entry.
    """

    file: str
    service: Service
    names: dict[str, tuple[Location, Location]]
    partly: bool
    """Whether the template of `.env` has some of them."""


def unread(project: Project, stack: Stack) -> Unread | None:
    """Return the variables without default or guard that stand in an env file of services, where nothing gives Compose that
    file and `.env` has not all of them.
    """
    path = _own(stack)
    entries = dict(_entries(project, stack, path))
    wanted = _references(stack) if entries else {}
    found = {name: place for name, place in wanted.items() if name in entries}
    own = _file(project, path)
    kept = {entry.name for entry in own.entries} if own else set()
    if not found or found.keys() <= kept or (own is None and _has_dot_env(project, stack)):
        return None
    file = entries[next(iter(found))][0]
    found = {name: place for name, place in found.items() if entries[name][0] == file}
    if found.keys() <= kept or _is_given(project, stack, posixpath.basename(file)):
        return None
    service = next(iter(found.values()))[0]
    names = {name: (place, entries[name][1].location) for name, (_, place) in found.items()}
    return Unread(file, service, names, bool(kept & found.keys()))


def _own(stack: Stack) -> str:
    return posixpath.join(stack.directory, ".env") if stack.directory else ".env"


def _file(project: Project, path: str) -> EnvFile | None:
    return next((file for file in project.env_files if file.path == path), None) or template_of(project, path)


def _entries(project: Project, stack: Stack, own: str) -> Iterator[tuple[str, tuple[str, EnvEntry]]]:
    """Yield each variable of the env files that services get, with the file; Compose reads `.env` of the folder that it is
    called in as well, which is the root as a rule.
    """
    paths = dict.fromkeys(path for service in stack.services for path, _ in service.env_files if path not in {own, ".env"})
    for path in reversed(paths):
        file = _file(project, path)
        if file is not None:
            yield from ((entry.name, (path, entry)) for entry in file.entries if not entry.commented)


def _references(stack: Stack) -> dict[str, tuple[Service, Location]]:
    """Return the variables that become empty texts, with their first place; none where a guard stops the start."""
    found: dict[str, tuple[Service, Location]] = {}
    for service in stack.services:
        for scalar in scalars_in(service.node):
            for reference in scalar.references:
                if reference.is_required:
                    return {}
                if not reference.operator:
                    found.setdefault(reference.name, (service, scalar.location))
    return found


def _texts(project: Project) -> Iterator[str]:
    yield from (page.text for page in project.docs)
    yield from (command.text for command in project.commands if command.context != "doc")
    yield from (workflow.document.text for workflow in project.workflows)


def _has_dot_env(project: Project, stack: Stack) -> bool:
    """Whether anything speaks of a `.env` that may be the stack's: one without a folder may stand in any."""
    lines = (line for text in _texts(project) if ".env" in text for line in text.split("\n") if ".env" in line)
    matches = (match for line in lines if _MAKES.search(line) for match in _DOT_ENV.finditer(line))
    return any(_may_be(match["folder"] or "", stack) for match in matches)


def _may_be(folder: str, stack: Stack) -> bool:
    bare = folder.removeprefix("./").rstrip("/")
    return not bare or "$" in bare or (bool(stack.directory) and bare.endswith(stack.directory))


def _is_given(project: Project, stack: Stack, name: str) -> bool:
    """Whether a line gives Compose the values of a file, or a program fetches them from a store of secrets."""
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])")
    for text in (*_texts(project), *(project.source(path) or "" for path in stack.files)):
        if _STORES_OF_SECRETS.search(text):
            return True
        if name in text and any(word.search(line) and _GIVES.search(line) for line in text.split("\n")):
            return True
    return False
