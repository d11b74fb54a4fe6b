"""Which files and services production does without: another file stands for them, nobody starts them, or only developers do."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from scaffold.model.compose import ComposeFile, Service, Stack
from scaffold.model.deployments import RENAMES, STARTS_CONTAINERS
from scaffold.model.document import Location
from scaffold.model.document import Mapping as MappingNode
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Command, DevelopmentNote, DocFile, Dockerfile, EnvFile, Instruction
from scaffold.model.regex import regex
from scaffold.model.starting import is_below
from scaffold.read.compose import TextReader
from scaffold.read.environments import class_of_word
from scaffold.read.sets import BASE_NAMES

_MODES = frozenset({"ENVIRONMENT", "ENV", "APP_ENV", "NODE_ENV", "RAILS_ENV", "FLASK_ENV", "DJANGO_ENV", "MIX_ENV"})
_MODE = regex(r"\b(" + "|".join(sorted(_MODES)) + r")[= ]+[\"']?(\w+)")
_PROFILE = regex(r"--profile[= ]+[\"']?([\w.-]+|\*)|COMPOSE_PROFILES\s*[=:]\s*[\"']?([\w.,*-]+)")
_DEPLOYED_FROM = frozenset(
    {"compose", "deploy", "deployment", "deployments", "docker", "infra", "ops", "prod", "prd", "production"}
)
_SENDS = frozenset({"scp", "rsync"})
_SPELLING = regex(r"^docker-|\.ya?ml$")
_LEADS_AWAY = regex(r"\b(?:ssh|scp|rsync|push|--context|DOCKER_HOST|stack\s+deploy)\b")
"""A command that works on another host, or sends something there."""
_BARE_START = regex(r"\bdocker[ -]compose up\b(?=.*\s(?:-d|--detach)\b)")
_OTHER_START = regex(r"\bdocker[ -]compose\s+-f\s[^\n]*\sup\b")
_NEAR = 6
"""Lines within which two starts stand side by side, as a choice."""
_ON_SERVERS = regex(r"\b(?:home-?lab|nas|vps|servers?|self-?host(?:ed|ing)?|recommended)\b", re.IGNORECASE)
_TRIED = regex(r"\b(?:dev|develop\w*|local\w*|tests?|testing)\b", re.IGNORECASE)
_COMPOSE_UP = regex(r"\bcompose\b(?!\.)")


def is_base_of_folder(stack: Stack) -> bool:
    """Whether a stack is the file that Compose finds in its folder, alone."""
    return len(stack.files) == 1 and posixpath.basename(stack.files[0]) in BASE_NAMES


# --- another file stands for it ---------------------------------------------------------------------------------------


def of_replaced(
    bases: tuple[Stack, ...], stacks: tuple[Stack, ...], docs: Iterable[DocFile], reader: TextReader
) -> Iterator[DevelopmentNote]:
    """A base beside a production file that runs alone, has what the base has, and takes nothing of it, or stores beside the
    code that such a file builds; unless a page tells people to run the base on their servers.
    """
    productive = [stack for stack in stacks if stack.environment is EnvironmentClass.PRODUCTION]
    pages = tuple(docs)
    for base in filter(is_base_of_folder, bases):
        if any(base.files[0] in stack.files for stack in productive) or _is_run_on_servers(base, pages):
            continue
        for other in productive:
            near = _is_beside(other.directory, base.directory) or _runs_with_its_own_store(other, base)
            beside = other.complete and len(other.files) == 1 and near
            names_it = posixpath.basename(base.files[0]) in (reader.text(other.files[0]) or "")
            if beside and not names_it and _has_what(other, base):
                yield DevelopmentNote(
                    Location(other.files[0], 1), base.files, why="runs in production in its place", is_replaced=True
                )


def of_copied(
    bases: tuple[Stack, ...], stacks: tuple[Stack, ...], commands: Iterable[Command], written: Iterable[ComposeFile]
) -> Iterator[DevelopmentNote]:
    """A base beside a file with all its applications and stores that a job sends to a host in its place, though it lies over
    the base by what it lacks; the job may spell its name in the other of Compose's two ways.
    """
    whole = {_SPELLING.sub("", posixpath.basename(file.path)): file for file in written if _is_beside_a_base(file, stacks)}
    for command in commands if whole else ():
        match = next(_sent(command.text), None) if command.context == "workflow" else None
        file = whole.get(_SPELLING.sub("", match["file"])) if match else None
        for base in filter(is_base_of_folder, bases) if file else ():
            if file and posixpath.dirname(file.path) == base.directory and _repeats(file, base):
                why = f"sends {posixpath.basename(file.path)} to the host in its place"
                yield DevelopmentNote(command.location, base.files, why=why, is_replaced=True)


def _sent(text: str) -> Iterator[re.Match[str]]:
    """Yield the compose files that go to another host under the name which Compose looks for: there each runs alone."""
    return (match for match in RENAMES.finditer(text) if match["by"] in _SENDS)


def _is_beside_a_base(file: ComposeFile, stacks: tuple[Stack, ...]) -> bool:
    """Whether a file is the last one of a set for production."""
    return any(
        stack.environment is EnvironmentClass.PRODUCTION and len(stack.files) > 1 and stack.files[-1] == file.path
        for stack in stacks
    )


def _repeats(file: ComposeFile, base: Stack) -> bool:
    """Whether each service of a file says what it runs, and each store and each application of the base is one of them."""
    services = file.node.get("services")
    named = {name: services.get(name) for name in file.service_names} if isinstance(services, MappingNode) else {}
    says = {name for name, node in named.items() if isinstance(node, MappingNode) and (node.get("image") or node.get("build"))}
    needed = {item.name for item in base.services if item.is_datastore or (item.is_application and item.build)}
    return bool(needed) and needed <= says == set(named)


def _is_run_on_servers(base: Stack, pages: tuple[DocFile, ...]) -> bool:
    """Whether a page beside the base shows two starts together, and a comment gives the bare one to servers or calls it the one
    to take.
    """
    for page in pages:
        if posixpath.dirname(page.path) != base.directory:
            continue
        lines = page.text.splitlines()
        for number, (before, line) in enumerate(itertools.pairwise(lines)):
            said = before.strip()
            is_told = said.startswith("#") and _ON_SERVERS.search(said) and not _TRIED.search(said)
            beside = "\n".join(lines[max(0, number - _NEAR) : number + _NEAR])
            if _BARE_START.search(line) and is_told and _OTHER_START.search(beside):
                return True
    return False


def _is_beside(folder: str, base: str) -> bool:
    """Whether a folder is that of the base, or one below it that holds what is deployed: another folder is another app's."""
    below = posixpath.relpath(folder or ".", base or ".").split("/")
    return folder == base or all(name in _DEPLOYED_FROM for name in below)


def _runs_with_its_own_store(other: Stack, base: Stack) -> bool:
    """Whether a stack of another folder builds the code beside a base that has stores alone: what people need who run that
    code on their own machine.
    """
    holds_stores = bool(base.services) and all(service.is_datastore for service in base.services)
    contexts = (service.build.context for service in other.services if service.build and service.build.context)
    return bool(base.directory) and holds_stores and any(is_below(context, base.directory) for context in contexts)


def _has_what(other: Stack, base: Stack) -> bool:
    """Whether a stack has each store of the base, by name or kind, and at least half of its applications."""
    names = {service.name for service in other.services}
    kinds = {service.role for service in other.services}
    stores = [service for service in base.services if service.is_datastore]
    applications = [service for service in base.services if service.is_application and service.build]
    kept = sum(service.name in names for service in applications)
    counts = bool(stores or applications)
    return counts and kept * 2 >= len(applications) and all(s.name in names or s.role in kinds for s in stores)


# --- nobody starts it -------------------------------------------------------------------------------------------------


def of_unused(
    bases: tuple[Stack, ...], docs: Iterable[DocFile], commands: Iterable[Command], others: Mapping[str, str]
) -> Iterator[DevelopmentNote]:
    """A file that no page, command or other file names, beside the one that Compose finds and that is told how to start, with
    some of its services and none of its code: what people need who run the code on their own machine.
    """
    listed = tuple(commands)
    texts = [*(page.text for page in docs), *(command.text for command in listed)]
    started = any(_COMPOSE_UP.search(text) for text in texts)
    defaults = {base.directory: base for base in bases if is_base_of_folder(base)}
    for base in bases:
        name = posixpath.basename(base.files[0])
        default = defaults.get(base.directory)
        if not started or default is None or len(base.files) > 1 or not _is_part(base, default):
            continue
        if any(name in text for text in texts) or any(name in text for path, text in others.items() if path != base.files[0]):
            continue
        why = f"is what Compose starts here; nothing in this repository starts {base.files[0]}"
        yield DevelopmentNote(Location(default.files[0], 1), base.files, why=why)


def _is_part(stack: Stack, default: Stack) -> bool:
    """Whether a stack that runs alone repeats services of the default, which has code to run, and leaves the code out."""
    names = {service.name for service in default.services}
    runs_code = any(service.is_application for service in stack.services)
    has_code = any(service.is_application for service in default.services)
    return stack.complete and has_code and not runs_code and all(service.name in names for service in stack.services)


# --- only CI starts it ------------------------------------------------------------------------------------------------


def of_trials(
    stacks: tuple[Stack, ...], docs: Iterable[DocFile], commands: Iterable[Command], others: Mapping[str, str]
) -> Iterator[DevelopmentNote]:
    """A set that is called production, and that workflows alone start, on their own runner and for nothing but to try it."""
    listed = tuple(commands)
    pages = [page.text for page in docs]
    for stack in stacks:
        if stack.environment is not EnvironmentClass.PRODUCTION:
            continue
        name = posixpath.basename(stack.files[-1])
        naming = [command for command in listed if name in command.text]
        elsewhere = any(name in text for text in pages) or any(
            name in text for path, text in others.items() if path not in stack.files
        )
        starting = [command for command in naming if STARTS_CONTAINERS.search(command.text)]
        if starting and not elsewhere and all(_is_trial(command) for command in naming):
            kept = {path for other in stacks if other is not stack for path in other.files}
            files = tuple(path for path in stack.files if path not in kept)
            why = f"starts {name} on the runner of a test, and nothing else in this repository starts it"
            yield DevelopmentNote(starting[0].location, files, why=why, environment=EnvironmentClass.PRODUCTION, is_trial=True)


def _is_trial(command: Command) -> bool:
    away = _LEADS_AWAY.search(command.text) or class_of_word(command.owner) in {
        EnvironmentClass.PRODUCTION,
        EnvironmentClass.STAGING,
    }
    return command.context == "workflow" and not away


# --- only developers start it -----------------------------------------------------------------------------------------


def of_profiles(
    bases: tuple[Stack, ...], commands: Iterable[Command], env_files: Iterable[EnvFile]
) -> Iterator[DevelopmentNote]:
    """A service behind a profile that commands for development turn on, and nothing else does."""
    turned_on = [(command, profiles) for command in commands if (profiles := _profiles(command.text))]
    by_files = {
        profile.strip()
        for file in env_files
        for entry in file.entries
        if entry.name == "COMPOSE_PROFILES"
        for profile in entry.value.split(",")
    }
    for stack in bases:
        for service in stack.services:
            wanted = {*service.profiles, "*"}
            found = [command for command, profiles in turned_on if profiles & wanted]
            if service.profiles and found and not by_files & wanted and all(map(_is_for_development, found)):
                why = f"turns on the profile {service.profiles[0]} of {service.name} for development, and nothing else does"
                yield DevelopmentNote(found[0].location, stack.files, why=why, resource=stack.resource(service.name))


def _profiles(text: str) -> set[str]:
    return {word for match in _PROFILE.finditer(text) for word in (match[1] or match[2]).split(",")}


def _is_for_development(command: Command) -> bool:
    return class_of_word(command.owner) is EnvironmentClass.DEV


# --- images for development -------------------------------------------------------------------------------------------


def of_development_images(
    bases: tuple[Stack, ...], images: Iterable[Dockerfile], env_files: tuple[EnvFile, ...]
) -> Iterator[DevelopmentNote]:
    """An image that starts a script for development in the mode of development, and the stacks whose code runs in such."""
    starts = {image.path: place for image in images if (place := _starts_development(image, env_files))}
    for path, place in starts.items():
        yield DevelopmentNote(place, (path,), why="starts it as for development")
    for base in bases:
        built = [service for service in base.services if service.is_application and service.build]
        places = [starts.get(_dockerfile(service)) for service in built]
        if places and places[0] is not None and all(places):
            yield DevelopmentNote(places[0], base.files, why="starts it as for development")


def _dockerfile(service: Service) -> str:
    return (service.build.dockerfile or "") if service.build else ""


def _starts_development(image: Dockerfile, env_files: tuple[EnvFile, ...]) -> Location | None:
    """Return the instruction that starts the script, where the image is also in the mode of development."""
    found = [item for word in ("CMD", "ENTRYPOINT") if (item := image.effective(word)) is not None]
    start = next((item for item in found if _runs_development_script(item)), None)
    steps = [item for stage in image.chain() for item in stage.instructions]
    return start.location if start and any(_sets_development(item, env_files) for item in steps) else None


def _runs_development_script(item: Instruction) -> bool:
    names = [posixpath.basename(word) for word in item.text.replace('"', " ").replace(",", " ").split()]
    return any(name.endswith(".sh") and class_of_word(name) is EnvironmentClass.DEV for name in names)


def _sets_development(item: Instruction, env_files: tuple[EnvFile, ...]) -> bool:
    if item.keyword == "ENV":
        return any(class_of_word(match[2]) is EnvironmentClass.DEV for match in _MODE.finditer(item.text))
    words = item.text.replace(";", " ").split()
    taken = (file for file in env_files if item.keyword in {"RUN", "COPY"} and posixpath.basename(file.path) in words)
    entries = (entry for file in taken for entry in file.entries if not entry.commented and entry.name in _MODES)
    return any(class_of_word(entry.value) is EnvironmentClass.DEV for entry in entries)
