"""Which files are said to serve development alone: by a README, by their own comments, by a file that is deployed instead."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from scaffold.model.compose import ComposeFile, Stack
from scaffold.model.document import Location
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, DevelopmentNote, DocFile, Dockerfile, EnvFile
from scaffold.model.regex import regex
from scaffold.model.secret_names import is_sensitive_name
from scaffold.model.secrets import SecretClass, classify
from scaffold.model.values import means_true
from scaffold.read.compose import TextReader
from scaffold.read.environments import class_of_word
from scaffold.read.example import example_note
from scaffold.read.instead import of_copied, of_development_images, of_profiles, of_replaced, of_trials, of_unused
from scaffold.read.prose import SENTENCE, head_of, sentences_of
from scaffold.read.titles import class_of_title

_ONLY = regex(
    r"\b(?:only|solely|purely|just|exclusively)\b[^.!?]{0,30}\bfor\b[^.!?]{0,20}\b(?:local|development|testing)\b"
    r"|\bfor\s+(?:local|development|testing)\b[\w\s,/&]{0,40}\bonly\b"
    r"|\bdevelopment[- ]only\b"
    r"|\b(?:not|never)\b[^.!?]{0,50}\b(?:for|in|to)\b[^.!?]{0,20}\bproduction\b"
    r"|\bdo not use\b[^.!?]{0,30}\bproduction\b",
    re.IGNORECASE,
)
_MEANT = regex(
    r"\b(?:meant|intended|designed|provided)\b[^.!?]{0,15}\bfor\s+(?:local\s+)?(?:development|testing)\b(?![^.!?]*\b(?:prod|deploy|server))",
    re.IGNORECASE,
)
_SUBJECT = regex(
    r"\bthis\s+(?:\w+[\s-]){0,2}?(?:repo(?:sitory)?|project|compose|stack|setup|file)\b"
    r"|\b(?:docker[- ])?compose\s+(?:file|setup|stack|configuration)\b"
    r"|\b(?:these|the following|all (?:of )?(?:the )?)\s*(?:\w+[\s-]){0,2}?(?:samples|examples|stacks|setups|compose files)\b",
    re.IGNORECASE,
)
_FILE = regex(r"[\w.-]*compose[\w.-]*\.ya?ml", re.IGNORECASE)
_LISTED = regex(
    r"(?P<file>[\w.-]*compose[\w.-]*\.ya?ml)[`*]*\s*(?:#+|\u2190|\u2014|\u2013|-+|:|\|)\s*(?P<says>[^\n|]{3,60})",
    re.IGNORECASE,
    words=("compose",),
)
"""A line of a tree or a table of files, with what it says of one."""
_OF_DEVELOPERS = regex(
    r"\W*(?:for\s+)?(?:the\s+)?(?:local(?:ly)?|dev(?:elopment)?)\b(?!.*\b(?:prod|deploy|server|both|and|or)\w*)", re.IGNORECASE
)
_OF_A_HOME = regex(
    r"\b(?:home[- ]?(?:lab|server|network)s?|nas|lan)\b(?!.*\b(?:prod\w*|vps|cloud|internet|public))", re.IGNORECASE
)
"""Beside words of development: what runs on a network at home, behind its router."""
_EVALUATION = regex(
    r"\b(?:to|for|only)\s+(?:\w+\s+)?(?:evaluat\w+|try(?:ing)?(?: it)?(?: out)?|test(?:s|ing)?|demo\w*)\b", re.IGNORECASE
)
_NOT_FOR_PRODUCTION = regex(
    r"\b(?:not|never)\b[^.!?]{0,30}\b(?:intended|meant|suitable|recommended|designed|ready|supported)\b[^.!?]{0,30}\bproduction\b",
    re.IGNORECASE,
)
_WHOLE = regex(rf"{_SUBJECT.pattern}|{_FILE.pattern}", re.IGNORECASE)
_PARTIAL = regex(
    r"\b(?:without|unless|until|before|as[ -]is|yet|except|options?|flags?|passwords?|keys?|secrets?|variables?|modes?|values?"
    r"|defaults?|endpoints?|commands?|images?|debug|certificates?|servers?|branch(?:es)?|decisions?|credentials?|tokens?"
    r"|licen[cs]\w+|editions?)\b",
    re.IGNORECASE,
)
"""A sentence with one of these speaks of a part, or of what has to be changed first."""
_FOR_LOCAL_USE = regex(
    r"\bfor (?:\w+ )?local (?:use|development|testing|dev|runs?)\b|\blocal (?:development|dev) (?:env|settings|only)",
    re.IGNORECASE,
)
_NO_RELEASE = regex(
    r"\b(?:do not|don't|never)\s+use\b[^.!?]{0,30}\b(?:releases?|stable|production)\b"
    r"|\b(?:config(?:uration)?|settings?|file)\b[^.!?]{0,20}\bfor\s+(?:local\s+)?(?:development|dev|testing)\s+only\b",
    re.IGNORECASE,
    words=("use", "only"),
)
_SETTINGS = (".json", ".json5", ".hjson", ".jsonc", ".toml", ".yml", ".yaml", ".ini", ".conf", ".cfg", ".properties", ".config")
_HEAD_OF_SETTINGS = 12
"""Lines of a configuration file in which its first comment stands, behind a bracket that opens it."""
_MARKS = ("#", "//", ";", "--", "*", "/*")
_LOCAL_FLAG = regex(r"(?:IS_)?LOCAL(?:_ENV|_DEV|_MODE|_DEVELOPMENT)?")
_MODES = frozenset({"ENVIRONMENT", "ENV", "APP_ENV"})
_TRIED = frozenset({EnvironmentClass.DEV, EnvironmentClass.TEST})
_STACK_DEPLOY = regex(r"\bstack\s+deploy\b.*?(?:-c|--compose-file)[ =]+[\"']?(?P<path>[\w./-]+\.ya?ml)")


def development_notes(  # noqa: PLR0913
    stacks: tuple[Stack, ...],
    *,
    docs: Iterable[DocFile],
    env_files: Iterable[EnvFile],
    commands: Iterable[Command],
    reader: TextReader,
    images: Iterable[Dockerfile] = (),
    owned: frozenset[str] = frozenset(),
    others: Mapping[str, str] | None = None,
    written: Iterable[ComposeFile] = (),
) -> tuple[DevelopmentNote, ...]:
    """Return what says that files serve no production; files that a stack of the class production uses are left out, and
    what scaffold wrote, `owned`, says nothing. `others` are texts beside pages and commands that may start compose files,
    `written` the compose files before they are merged.
    """
    pages = tuple(page for page in docs if page.path not in owned)
    listed = tuple(command for command in commands if command.location.path not in owned)
    files_of_env = tuple(file for file in env_files if file.path not in owned)
    productive = {path for stack in stacks if stack.environment is EnvironmentClass.PRODUCTION for path in _used(stack)}
    bases = tuple(stack for stack in stacks if stack.environment is EnvironmentClass.BASE)
    found = (
        *_of_pages(bases, pages),
        *(_of_lists(bases, pages) if productive else ()),
        *_of_heads(bases, reader),
        *_of_env_files(files_of_env, reader),
        *_of_deployed(bases, stacks, listed),
        *of_replaced(bases, stacks, pages, reader),
        *of_unused(bases, pages, listed, {**_other_texts(stacks, files_of_env, reader), **(others or {})}),
        *of_development_images(bases, images, files_of_env),
        *_of_mounted(bases, reader),
    )
    kept: dict[str, DevelopmentNote] = {}
    for note in found:
        files = tuple(path for path in note.files if path not in productive and path not in kept)
        kept |= {path: replace(note, files=(path,)) for path in files}
    services = (*of_profiles(bases, listed, files_of_env), *of_trials(stacks, pages, listed, others or {}))
    copied = of_copied(bases, stacks, listed, written)
    return (*(kept[path] for path in sorted(kept)), *services, *copied, *example_note(pages, productive))


def _other_texts(stacks: tuple[Stack, ...], env_files: Iterable[EnvFile], reader: TextReader) -> dict[str, str]:
    """The compose and env files, which may name a compose file as well."""
    paths = {path for stack in stacks for path in stack.files} | {file.path for file in env_files}
    return {path: text for path in sorted(paths) if (text := reader.text(path)) is not None}


def _used(stack: Stack) -> tuple[str, ...]:
    return (*stack.files, *(path for service in stack.services for path, _ in service.env_files))


def says_development_only(sentence: str) -> bool:
    """Whether a sentence says that the whole of something is for development or tests, and for nothing else."""
    return bool(_ONLY.search(sentence)) and not _PARTIAL.search(sentence)


def says_for_evaluation(head: str) -> bool:
    """Whether a comment says of its file that people evaluate or test with it, and that production is not what it is for."""
    sentences = [match[0] for match in SENTENCE.finditer(head)]
    denied = any(_NOT_FOR_PRODUCTION.search(sentence) and _WHOLE.search(sentence) for sentence in sentences)
    return denied and any(_EVALUATION.search(sentence) for sentence in sentences)


# --- pages ------------------------------------------------------------------------------------------------------------


def _of_pages(bases: tuple[Stack, ...], docs: Iterable[DocFile]) -> Iterator[DevelopmentNote]:
    for page in docs:
        folder, _, name = page.path.rpartition("/")
        near = [stack for stack in bases if not folder or stack.directory == folder]
        if not name.lower().startswith("readme") or not near:
            continue
        for line, sentence in sentences_of(page.text):
            named = {posixpath.basename(match[0]) for match in _FILE.finditer(sentence)}
            meant = bool(named and _MEANT.search(sentence)) and not _PARTIAL.search(sentence)
            if not meant and not says_development_only(sentence):
                continue
            if named or _SUBJECT.search(sentence):
                used = dict.fromkeys(path for stack in near for path in _used(stack))
                files = tuple(path for path in used if not named or posixpath.basename(path) in named)
                # A sentence about one file is also about the env files that only this one uses.
                yield DevelopmentNote(Location(page.path, line), files)


def _of_lists(bases: tuple[Stack, ...], docs: Iterable[DocFile]) -> Iterator[DevelopmentNote]:
    """Files that the tree or table of a page calls those of development, beside a stack for production."""
    for page in docs:
        folder = posixpath.dirname(page.path)
        for number, line in enumerate(page.text.splitlines(), 1) if "compose" in page.text else ():
            match = _LISTED.search(line)
            at_home = match is not None and bool(_OF_A_HOME.search(match["says"]))
            if match is None or not (at_home or _OF_DEVELOPERS.match(match["says"])):
                continue
            named = _listed(bases, folder, match["file"].lower())
            place = Location(page.path, number)
            if named and at_home:
                why = "says that this is for a network at home"
                yield DevelopmentNote(place, named, why=why, environment=EnvironmentClass.BASE, steps=1)
            elif named:
                yield DevelopmentNote(place, named)


def _listed(bases: tuple[Stack, ...], folder: str, name: str) -> tuple[str, ...]:
    """Return the file that a page in a folder means by a name: the one beside it, else the only one of that name."""
    files = dict.fromkeys(path for stack in bases for path in stack.files if posixpath.basename(path).lower() == name)
    beside = tuple(path for path in files if posixpath.dirname(path) == folder)
    return beside or (tuple(files) if len(files) == 1 else ())


# --- comments of the files themselves ---------------------------------------------------------------------------------


def _of_heads(bases: tuple[Stack, ...], reader: TextReader) -> Iterator[DevelopmentNote]:
    for path in dict.fromkeys(path for stack in bases for path in stack.files):
        text = reader.text(path) or ""
        head = head_of(text)
        if any(says_development_only(match[0]) for match in SENTENCE.finditer(head)) or class_of_title(text) in _TRIED:
            yield DevelopmentNote(Location(path, 1), (path,))
        elif says_for_evaluation(head):
            why = "says that this is for evaluation, not for production"
            yield DevelopmentNote(Location(path, 1), (path,), why=why, environment=EnvironmentClass.BASE, steps=1)


def _of_mounted(bases: tuple[Stack, ...], reader: TextReader) -> Iterator[DevelopmentNote]:
    """A stack that gives the application which it builds a file of settings whose first comment keeps it out of releases."""
    for base in bases:
        built = (service for service in base.services if service.build and not service.is_datastore)
        for path in dict.fromkeys(mount.resolved for service in built for mount in service.mounts if mount.resolved):
            text = reader.text(path) if path.endswith(_SETTINGS) else None
            if text is not None and _NO_RELEASE.search(_first_comments(text)):
                yield DevelopmentNote(Location(path, 1), base.files, why="says that these settings are for no release")


def _first_comments(text: str) -> str:
    """Return the comments among the first lines of a file of settings, as one line."""
    rows = (row.strip() for row in text.splitlines()[:_HEAD_OF_SETTINGS])
    return " ".join(row.lstrip("#/;-* ") for row in rows if row.startswith(_MARKS))


def _of_env_files(env_files: Iterable[EnvFile], reader: TextReader) -> Iterator[DevelopmentNote]:
    """An env file that says it is for local use, and holds no value that somebody drew for a running system."""
    for file in env_files:
        if file.environment or file.kind == "template" or _holds_real_secret(file):
            continue
        if _FOR_LOCAL_USE.search(head_of(reader.text(file.path) or "")):
            yield DevelopmentNote(Location(file.path, 1), (file.path,))
            continue
        flag = next((entry for entry in file.entries if not entry.commented and _is_local(entry.name, entry.value)), None)
        if flag is not None:
            yield DevelopmentNote(flag.location, (file.path,))


def _is_local(name: str, value: str) -> bool:
    if _LOCAL_FLAG.fullmatch(name):
        return means_true(value)
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
                    yield DevelopmentNote(
                        command.location, base.files, why="deploys another file in its place", is_replaced=True
                    )


def _stands_for(other: Stack, base: Stack) -> bool:
    """Whether a stack beside the base of a folder has most of its services and none of its files."""
    is_base = base.id == (f"{base.directory}/base" if base.directory else "base")
    if not is_base or base.directory != other.directory or set(other.files) & set(base.files):
        return False
    theirs = {service.name for service in other.services}
    return sum(service.name in theirs for service in base.services) * 2 > len(base.services)
