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
_MOST_BUILDS = 50
"""Builds that are told of one context: people mend them together."""


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
    builds = _builds(project) if given else {}
    for dockerfile in project.dockerfiles:
        names = given.get(dockerfile.path, {})
        alike: dict[tuple[str, str], list[tuple[int, Location]]] = {}
        for number, build in enumerate(builds.get(dockerfile.path, ()) if names else ()):
            alike.setdefault((build.target, build.contexts), []).append((number, build.location))
        steps = {target: _copies_from(dockerfile, target) for target, _ in alike}
        for name, place in names.items():
            if dockerfile.stage(name) is not None:
                continue
            lacking = [key for key in alike if name in steps[key[0]] and f"{name}=" not in key[1] and "$" not in key[1]]
            if lacking:
                numbered = sorted((item for key in lacking for item in alike[key][:_MOST_BUILDS]), key=lambda item: item[0])
                builders = tuple(dict.fromkeys(location for _, location in numbered))
                # The first build of the first group is the first of all: groups are in the order of their first builds.
                yield LackingContext(name, steps[lacking[0][0]][name], place, builders[:_MOST_BUILDS])


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


def _copies_from(dockerfile: Dockerfile, target: str) -> dict[str, Instruction]:
    """Return the first step by which what a build makes takes something from each stage, image or context."""
    found: dict[str, Instruction] = {}
    pending, seen = list(dockerfile.chain(target)), set[Location]()
    while pending:
        stage = pending.pop()
        if stage.location in seen:
            continue
        seen.add(stage.location)
        for item in stage.instructions:
            origin = next((flag.partition("=")[2] for flag in item.flags if flag.startswith("--from")), "")
            if item.keyword == "COPY":
                found.setdefault(origin, item)
            pending += dockerfile.chain(origin) if origin else ()
    return found


def _builds(project: Project) -> dict[str, list[_Build]]:
    """Return the builds outside of Compose by their Dockerfile, those of actions first."""
    found: dict[str, list[_Build]] = defaultdict(list)
    for item in ci_steps(project):
        step = item.step
        if step.action == BUILD_ACTION and item.workflow.path not in project.owned:
            context = _clean(step.input("context"))
            file = _clean(step.input("file")) or f"{context}/Dockerfile".removeprefix("/")
            if "$" not in step.input("target"):
                found[file].append(_Build(step.input("target"), step.input("build-contexts"), item.place))
    for command in project.commands:
        build = _of_command(command) if "build" in command.text and command.context in _RUNS else None
        # The folder in which a command runs is not known, so that a path of one word may be any file of that name.
        if build and "/" in build[0] and command.location.path not in project.owned and not is_test_path(command.location.path):
            found[build[0]].append(build[1])
    return found


def _of_command(command: Command) -> tuple[str, _Build] | None:
    """Return the Dockerfile that a command builds, and the build."""
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
    if "$" in targets[-1]:
        return None
    return file, _Build(targets[-1], " ".join(given.get("--build-context", ())), command.location)


def _clean(path: str) -> str:
    path = path.strip().removeprefix("./").rstrip("/")
    return "" if path == "." else path
