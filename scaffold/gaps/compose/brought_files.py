"""What may bring a file to its place where a stack runs, other than the checkout itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.facts import DEFAULT_FILES, has_submodules
from scaffold.gaps.remembered import remembered
from scaffold.gaps.starts import PAGES
from scaffold.model.compose import Mount, Stack
from scaffold.model.document import Location
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TAKES = regex(
    r"(?i)\b(?:cp|mv|ln|install|rsync|scp|sftp|copy\w*|curl|wget|fetch|download\w*|envsubst|sed|tar|unzip|gsutil|upload\w*"
    r"|template|render\w*|source|src|dest|target|write\w*)\b"
)
"""Commands and keys by which scripts, jobs and playbooks take a file elsewhere, fetch it or make it of another."""
_WRITES = regex(r"\btee\b|(?<![-=0-9&])>\s*[\"']?[\w./$~{]")
"""Redirections into a file."""
_LOOKS = regex(r"\[\s+!?\s*-[efdrs]\s|\btest\s+-[efdrs]\s")
"""A line that only asks whether a file is there."""

_BRINGS = (".sh", ".bash", ".ps1", ".py", ".yml", ".yaml", ".tf", ".tftpl", ".tpl", ".j2", ".mk", ".toml", ".service")
_FILES = frozenset({"makefile", "justfile", "taskfile", "jenkinsfile", "vagrantfile"})


def brought_by(project: Project, stack: Stack, path: str, mount: Mount) -> tuple[str, Location] | None:
    """Return what may bring the file at `path` to the host, in words and with the first place; None where nothing does, so that
    it is missing where the stack runs.

    That is a line of a script, job, playbook or page that copies, writes or fetches a file of its name; one, of no page, that
    takes the compose file itself to another folder; the file as it would lie if Compose ran in a folder above; and parts of
    the tree that live in other repositories.
    """
    if has_submodules(project):
        return "a repository of .gitmodules has it", Location(".gitmodules", 1)
    above = _as_seen_from_above(project, stack, mount)
    if above:
        return f"Compose runs in a folder above, from which {above} is what it mounts", Location(above, 1)
    compose = {posixpath.basename(file) for file in stack.files}.difference(DEFAULT_FILES)
    named = {posixpath.basename(path), *compose}
    files = {file.path for file in project.compose_files}
    for place, text in _moving_lines(project):
        # A page that fetches the compose file alone brings nothing that it mounts.
        taken = named if not place.path.endswith(PAGES) and _TAKES.search(text) else {posixpath.basename(path)}
        if place.path not in files and any(_names(text, name) for name in taken):
            return f"{place.path}:{place.line} brings it", place
    return None


def _as_seen_from_above(project: Project, stack: Stack, mount: Mount) -> str:
    """Return the path of the source as a folder above that of the compose file has it, "" where none does."""
    beside = posixpath.relpath(mount.resolved or "", stack.directory or ".")
    folder = stack.directory
    while folder and not beside.startswith(".."):
        folder = posixpath.dirname(folder)
        path = posixpath.join(folder, beside)
        if project.exists(path):
            return path
    return ""


def _names(text: str, name: str) -> bool:
    start = text.find(name)
    return start >= 0 and not (text[start - 1 : start].isalnum() or text[start + len(name) : start + len(name) + 1].isalnum())


@remembered
def _moving_lines(project: Project) -> tuple[tuple[Location, str], ...]:
    """Return the lines that move files, of all that people or machines follow."""
    return tuple(_lines(project))


def _lines(project: Project) -> Iterator[tuple[Location, str]]:
    for source in project.sources:
        name = posixpath.basename(source.path).lower()
        if source.path not in project.owned and (source.path.endswith((*_BRINGS, *PAGES)) or name in _FILES):
            for number, line in enumerate(source.text.splitlines(), 1):
                if (_TAKES.search(line) or _WRITES.search(line)) and not _LOOKS.search(line):
                    yield Location(source.path, number), line
