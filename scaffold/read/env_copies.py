"""Which env files are templates though no word of their name says so: people copy them, or they list what a stack asks for."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from scaffold.model.compose import Stack
from scaffold.model.document import scalars_in
from scaffold.model.project import Command, EnvFile
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify
from scaffold.read.compose.reader import join

_ENV = ".env"
_COPIES = regex(
    r"(?:^|[\s;&|(])(?:cp|copy|install|ln)\s+(?:-\S+\s+)*[\"']?(?P<source>[\w./-]+)[\"']?\s+[\"']?(?P<target>[\w./-]*\.env)[\"']?(?![\w.])"
)
_SAYS_SO = regex(
    r"@dottie/source\b|\b(?:copy|duplicate|rename|save)\b[^\n]{0,40}\b(?:to|as|into)\s+[\"'`\[(]?(?:\./)?\.env\b(?![.\w])",
    re.IGNORECASE,
)
"""What the comments at the head of a template tell people to do with it; Dottie fetches a template by that line."""
_HEAD = 2000
"""Characters at the top of a file in which it says what it is for."""
_FEW = 3
"""Variables of a stack that a file has to list before it counts as their list."""
_DRAWN = frozenset({SecretClass.RANDOM, SecretClass.PROVIDER_KEY})
_STAND_INS = frozenset({SecretClass.EMPTY, SecretClass.PLACEHOLDER})


def with_copied(
    env_files: tuple[EnvFile, ...], commands: Iterable[Command], stacks: tuple[Stack, ...], heads: dict[str, str]
) -> tuple[EnvFile, ...]:
    """Return the env files, those that people copy to `.env` as templates, with the path of the copy.

    One that a stack reads as it is, that is meant for tests, or that holds a secret that somebody drew is none. `heads` has
    the text of each file.
    """
    used = {path for stack in stacks for path in _used(stack)}
    copies = dict(_copies(env_files, commands))
    asked = _asked(stacks)
    found = []
    for file in env_files:
        target = ""
        if file.path not in used and _may_be_copied(file):
            listed = _is_said(heads.get(file.path, "")) or _is_the_list(file, env_files, asked)
            beside = posixpath.join(posixpath.dirname(file.path), _ENV) if listed and not file.environment else ""
            target = copies.get(file.path, beside)
        found.append(replace(file, kind="template", copied_to=target) if target else file)
    return tuple(found)


def _may_be_copied(file: EnvFile) -> bool:
    if file.kind != "real" or posixpath.basename(file.path) == _ENV or file.environment not in {"", "production"}:
        return False
    entries = (entry for entry in file.entries if not entry.commented)
    return not any(is_sensitive_name(entry.name) and classify(entry.value) in _DRAWN for entry in entries)


def _used(stack: Stack) -> Iterator[str]:
    for service in stack.services:
        yield from (path for path, _ in service.env_files)
        yield from (mount.resolved for mount in service.mounts if mount.resolved)


def _copies(env_files: tuple[EnvFile, ...], commands: Iterable[Command]) -> Iterator[tuple[str, str]]:
    """Yield each env file that a command copies to a `.env`, with where that stands; a copy inside an image is none."""
    for command in commands:
        match = _COPIES.search(command.text) if _ENV in command.text and command.context != "dockerfile" else None
        if match is None:
            continue
        source = match["source"].removeprefix("./")
        for file in env_files:
            if file.path == source or file.path.endswith(f"/{source}"):
                target = join(file.path[: -len(source)].rstrip("/"), match["target"])
                if target is not None:
                    yield file.path, target


def _is_said(text: str) -> bool:
    lines = itertools.takewhile(lambda line: not line.strip() or line.startswith("#"), text[:_HEAD].splitlines())
    return bool(_SAYS_SO.search("\n".join(lines)))


def _is_the_list(file: EnvFile, every: tuple[EnvFile, ...], asked: dict[str, set[str]]) -> bool:
    """Whether the file lists most of what the stacks of its folder ask for, with values to fill in, and nothing else does."""
    folder = posixpath.dirname(file.path)
    others = (other for other in every if other is not file and posixpath.dirname(other.path) in {folder, ""})
    if any(other.kind == "template" or posixpath.basename(other.path) == _ENV for other in others):
        return False
    wanted = asked.get(folder, set())
    listed = wanted & {entry.name for entry in file.entries}
    stands_in = any(not entry.commented and classify(entry.value) in _STAND_INS for entry in file.entries)
    return stands_in and len(listed) >= max(_FEW, (len(wanted) + 1) // 2)


def _asked(stacks: tuple[Stack, ...]) -> dict[str, set[str]]:
    """Return the variables without a default that the stacks of each folder refer to."""
    found: dict[str, set[str]] = {}
    for stack in stacks:
        names = found.setdefault(stack.directory, set())
        for service in stack.services:
            names |= {
                reference.name
                for scalar in scalars_in(service.node)
                for reference in scalar.references
                if not reference.has_default and reference.operator not in {":+", "+"}
            }
    return found
