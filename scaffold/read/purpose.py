"""Which files are said to serve development alone: by a README, by their own comments, by a file that is deployed instead."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, DevelopmentNote, DocFile, EnvFile
from scaffold.model.regex import regex
from scaffold.model.secrets import SecretClass, classify, is_sensitive_name
from scaffold.read.compose import TextReader
from scaffold.read.environments import class_of_word

_ONLY = regex(
    r"\b(?:only|solely|purely|just|exclusively)\b[^.!?]{0,30}\bfor\b[^.!?]{0,20}\b(?:local|development|testing)\b"
    r"|\bfor\s+(?:local|development|testing)\b[\w\s,/&]{0,40}\bonly\b"
    r"|\bdevelopment[- ]only\b"
    r"|\b(?:not|never)\b[^.!?]{0,50}\b(?:for|in|to)\b[^.!?]{0,20}\bproduction\b"
    r"|\bdo not use\b[^.!?]{0,30}\bproduction\b",
    re.IGNORECASE,
)
_SUBJECT = regex(
    r"\bthis\s+(?:\w+[\s-]){0,2}?(?:repo(?:sitory)?|project|compose|stack|setup|file)\b"
    r"|\b(?:docker[- ])?compose\s+(?:file|setup|stack|configuration)\b",
    re.IGNORECASE,
)
_FILE = regex(r"[\w.-]*compose[\w.-]*\.ya?ml", re.IGNORECASE)
_PARTIAL = regex(
    r"\b(?:without|unless|until|before|as[ -]is|yet|except|options?|flags?|passwords?|keys?|secrets?|variables?|modes?|values?"
    r"|defaults?|endpoints?|commands?|images?|debug|certificates?|servers?|branch(?:es)?|decisions?|credentials?|tokens?)\b",
    re.IGNORECASE,
)
"""A sentence with one of these speaks of a part, or of what has to be changed first."""
_FOR_LOCAL_USE = regex(
    r"\bfor (?:\w+ )?local (?:use|development|testing|dev|runs?)\b|\blocal (?:development|dev) (?:env|settings|only)",
    re.IGNORECASE,
)
_LOCAL_FLAG = regex(r"(?:IS_)?LOCAL(?:_ENV|_DEV|_MODE|_DEVELOPMENT)?")
_MODES = frozenset({"ENVIRONMENT", "ENV", "APP_ENV"})
_TRUE = frozenset({"true", "1", "yes", "on"})
_EMPHASIS = regex(r"(?<!\w)[*_]+|[*_]+(?!\w)|`|^\s*[>#-]+\s*")
_SENTENCE = regex(r"[^.!?]+(?:\.(?=\w)[^.!?]+)*[.!?]*")
_STACK_DEPLOY = regex(r"\bstack\s+deploy\b.*?(?:-c|--compose-file)[ =]+[\"']?(?P<path>[\w./-]+\.ya?ml)")


def development_notes(
    stacks: tuple[Stack, ...],
    docs: Iterable[DocFile],
    env_files: Iterable[EnvFile],
    commands: Iterable[Command],
    reader: TextReader,
) -> tuple[DevelopmentNote, ...]:
    """Return what says that files serve development alone; files that a stack of the class production uses are left out."""
    productive = {path for stack in stacks if stack.environment is EnvironmentClass.PRODUCTION for path in _used(stack)}
    bases = tuple(stack for stack in stacks if stack.environment is EnvironmentClass.BASE)
    found = (
        *_of_pages(bases, docs),
        *_of_heads(bases, reader),
        *_of_env_files(env_files, reader),
        *_of_deployed(bases, stacks, commands),
    )
    kept: dict[str, DevelopmentNote] = {}
    for note in found:
        files = tuple(path for path in note.files if path not in productive and path not in kept)
        if files:
            kept |= {path: DevelopmentNote(note.location, (path,), is_replaced=note.is_replaced) for path in files}
    return tuple(kept[path] for path in sorted(kept))


def _used(stack: Stack) -> tuple[str, ...]:
    return (*stack.files, *(path for service in stack.services for path, _ in service.env_files))


def says_development_only(sentence: str) -> bool:
    """Whether a sentence says that the whole of something is for development or tests, and for nothing else."""
    return bool(_ONLY.search(sentence)) and not _PARTIAL.search(sentence)


# --- pages ------------------------------------------------------------------------------------------------------------


def _of_pages(bases: tuple[Stack, ...], docs: Iterable[DocFile]) -> Iterator[DevelopmentNote]:
    for page in docs:
        folder, _, name = page.path.rpartition("/")
        near = [stack for stack in bases if not folder or stack.directory == folder]
        if not name.lower().startswith("readme") or not near:
            continue
        for line, sentence in _sentences(page.text):
            if not says_development_only(sentence):
                continue
            named = {posixpath.basename(match[0]) for match in _FILE.finditer(sentence)}
            if named or _SUBJECT.search(sentence):
                used = dict.fromkeys(path for stack in near for path in _used(stack))
                files = tuple(path for path in used if not named or posixpath.basename(path) in named)
                # A sentence about one file is also about the env files that only this one uses.
                yield DevelopmentNote(Location(page.path, line), files)


def _sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence outside code blocks with the line on which it begins."""
    lines: list[tuple[int, str]] = []
    fenced = False
    for number, row in enumerate((*text.splitlines(), ""), 1):
        fence = row.lstrip().startswith(("```", "~~~"))
        fenced ^= fence
        if row.strip() and not fenced and not fence:
            lines.append((number, _EMPHASIS.sub("", row).strip()))
            continue
        yield from _of_paragraph(lines)
        lines = []


def _of_paragraph(lines: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    joined = " ".join(row for _, row in lines)
    starts = list(itertools.accumulate((len(row) + 1 for _, row in lines), initial=0))
    for match in _SENTENCE.finditer(joined):
        begin = match.start() + len(match[0]) - len(match[0].lstrip())
        index = max((place for place, start in enumerate(starts[:-1]) if start <= begin), default=0)
        if lines:
            yield lines[index][0], match[0].strip()


# --- comments of the files themselves ---------------------------------------------------------------------------------


def _head(text: str) -> str:
    lines = itertools.takewhile(lambda line: not line.strip() or line.lstrip().startswith("#"), text.splitlines())
    return " ".join(line.strip("# \t-=") for line in lines)


def _of_heads(bases: tuple[Stack, ...], reader: TextReader) -> Iterator[DevelopmentNote]:
    for path in dict.fromkeys(path for stack in bases for path in stack.files):
        head = _head(reader.text(path) or "")
        if any(says_development_only(match[0]) for match in _SENTENCE.finditer(head)):
            yield DevelopmentNote(Location(path, 1), (path,))


def _of_env_files(env_files: Iterable[EnvFile], reader: TextReader) -> Iterator[DevelopmentNote]:
    """An env file that says it is for local use, and holds no value that somebody drew for a running system."""
    for file in env_files:
        if file.environment or file.kind == "template" or _holds_real_secret(file):
            continue
        if _FOR_LOCAL_USE.search(_head(reader.text(file.path) or "")):
            yield DevelopmentNote(Location(file.path, 1), (file.path,))
            continue
        flag = next((entry for entry in file.entries if not entry.commented and _is_local(entry.name, entry.value)), None)
        if flag is not None:
            yield DevelopmentNote(flag.location, (file.path,))


def _is_local(name: str, value: str) -> bool:
    if _LOCAL_FLAG.fullmatch(name):
        return value.lower() in _TRUE
    return name in _MODES and class_of_word(value) is EnvironmentClass.DEV


def _holds_real_secret(file: EnvFile) -> bool:
    real = {SecretClass.RANDOM, SecretClass.PROVIDER_KEY}
    return any(not e.commented and is_sensitive_name(e.name) and classify(e.value) in real for e in file.entries)


# --- another file that is deployed ------------------------------------------------------------------------------------


def _of_deployed(bases: tuple[Stack, ...], stacks: tuple[Stack, ...], commands: Iterable[Command]) -> Iterator[DevelopmentNote]:
    """A base beside a file with the same services that `docker stack deploy` takes in its place."""
    for command in commands:
        match = _STACK_DEPLOY.search(command.text)
        name = posixpath.basename(match["path"]) if match else ""
        deployed = [stack for stack in stacks if len(stack.files) == 1 and posixpath.basename(stack.files[0]) == name]
        for other in deployed:
            for base in bases:
                if _stands_for(other, base):
                    yield DevelopmentNote(command.location, base.files, is_replaced=True)


def _stands_for(other: Stack, base: Stack) -> bool:
    """Whether a stack beside the base of a folder has most of its services and none of its files."""
    is_base = base.id == (f"{base.directory}/base" if base.directory else "base")
    if not is_base or base.directory != other.directory or set(other.files) & set(base.files):
        return False
    theirs = {service.name for service in other.services}
    return sum(service.name in theirs for service in base.services) * 2 > len(base.services)
