"""Builds that lack a context of their own name which a Dockerfile copies from and which only Compose gives."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from scaffold.gaps.ci_signals import ci_steps
from scaffold.gaps.facts import is_test_path
from scaffold.model.document import Location, Mapping, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.probes import known_image
from scaffold.model.project import Command, Dockerfile, Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference
from scaffold.model.workflow_steps import BUILD_ACTION

_DOCKER_BUILD = regex(r"\bdocker\s+(?:image\s+|buildx\s+)?build\s(?P<words>[^\n;&|]*)")
_NAME = regex(r"[a-z][\w.-]*")
_RUNS = frozenset({"workflow", "script", "makefile"})
_IMAGE = "docker-image://"


@frozen
class LackingContext:
    """A context that builds lack: its name, the step that copies from it, where Compose gives it, and the builds."""

    name: str
    step: Instruction
    given: Location
    builds: tuple[Location, ...]


@frozen
class _Build:
    """A build outside of Compose: the stage that it takes, and where it is."""

    target: str
    contexts: str
    location: Location


def lacking_contexts(project: Project) -> Iterator[LackingContext]:
    """Yield each named context that Compose gives a Dockerfile and another build of the same file does not."""
    given = _given(project)
    for dockerfile in project.dockerfiles:
        names = given.get(dockerfile.path, {})
        builds = tuple(_builds(project, dockerfile)) if names else ()
        for name, place in names.items():
            lacking = [(build, step) for build in builds if (step := _copy_from(dockerfile, build, name)) is not None]
            if lacking:
                places = tuple(dict.fromkeys(build.location for build, _ in lacking))
                yield LackingContext(name, lacking[0][1], place, places)


def _given(project: Project) -> dict[str, dict[str, Location]]:
    """Return the folders that Compose gives a name, by Dockerfile; a name for another image is none of them."""
    found: dict[str, dict[str, Location]] = defaultdict(dict)
    for stack in project.stacks:
        for service in stack.services:
            node = find(service.node, "build", "additional_contexts")
            if service.build is None or not service.build.dockerfile or not isinstance(node, Mapping):
                continue
            for entry in node.entries:
                is_folder = not text_of(entry.value).startswith(_IMAGE)
                if (
                    is_folder
                    and _NAME.fullmatch(entry.key.value)
                    and known_image(ImageReference.parse(entry.key.value)) is None
                ):
                    found[service.build.dockerfile].setdefault(entry.key.value, entry.key.location)
    return found


def _copy_from(dockerfile: Dockerfile, build: _Build, name: str) -> Instruction | None:
    """Return the step by which what a build makes takes something from a context that it is not given, or None."""
    if f"{name}=" in build.contexts or "$" in build.contexts or dockerfile.stage(name) is not None:
        return None
    pending, seen = list(dockerfile.chain(build.target)), set[Location]()
    while pending:
        stage = pending.pop()
        if stage.location in seen:
            continue
        seen.add(stage.location)
        for item in stage.instructions:
            origin = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")
            if item.keyword == "COPY" and origin == name:
                return item
            pending += dockerfile.chain(origin) if origin else ()
    return None


def _builds(project: Project, dockerfile: Dockerfile) -> Iterator[_Build]:
    for item in ci_steps(project):
        step = item.step
        if step.action == BUILD_ACTION and item.workflow.path not in project.owned:
            context = _clean(step.input("context"))
            file = _clean(step.input("file")) or f"{context}/Dockerfile".removeprefix("/")
            if file == dockerfile.path and "$" not in step.input("target"):
                yield _Build(step.input("target"), step.input("build-contexts"), item.place)
    # The folder in which a command runs is not known, so that a path of one word may be any file of that name.
    if "/" in dockerfile.path:
        for command in project.commands:
            build = _of_command(command, dockerfile) if "build" in command.text and command.context in _RUNS else None
            if build and command.location.path not in project.owned and not is_test_path(command.location.path):
                yield build


def _of_command(command: Command, dockerfile: Dockerfile) -> _Build | None:
    match = _DOCKER_BUILD.search(command.text)
    try:
        words = shlex.split(match["words"]) if match else []
    except ValueError:
        return None
    given: dict[str, list[str]] = defaultdict(list)
    for word, after in pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        given[name].append(value if equals else after)
    files = [*given.get("-f", ()), *given.get("--file", ())]
    file = _clean(files[-1]) if files else f"{_clean(words[-1])}/Dockerfile" if words else ""
    targets = given.get("--target", [""])
    if file != dockerfile.path or "$" in targets[-1]:
        return None
    return _Build(targets[-1], " ".join(given.get("--build-context", ())), command.location)


def _clean(path: str) -> str:
    path = path.strip().removeprefix("./").rstrip("/")
    return "" if path == "." else path
