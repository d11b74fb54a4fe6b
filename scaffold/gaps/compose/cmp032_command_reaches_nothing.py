"""CMP032: a service or a release names a command, and the entrypoint of the image starts the same program all the same."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import SAYS, is_test_path, judged_stacks, once
from scaffold.gaps.image.start_scripts import script_of
from scaffold.gaps.shown_commands import shown_words
from scaffold.model.compose import Service, Stack
from scaffold.model.deployments import COMPOSE
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.known import known
from scaffold.model.names import Cause, Layer, Severity
from scaffold.model.project import Instruction, Project
from scaffold.model.regex import regex

_TAKES = regex(
    r"\$(?:[@*#1-9]|\{[#!]?[@*1-9])|\bshift\b|\bgetopts\b|\bBASH_ARG[VC]\b|\$\{!|\beval\b|/proc/(?:self|\$\$)/cmdline"
)
"""What hands the words of a shell on, or looks at them."""
_READS_ANOTHER = regex(r"(?m)^\s*(?:\.|source)\s+\S")
"""A script that is read into this one sees its words."""
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "zsh"})
_INITS = frozenset({"tini", "dumb-init", "docker-init", "catatonit"})
_INTERPRETERS = frozenset({"python", "python3", "node", "bun", "deno", "ruby", "php", "java", "dotnet"})
"""Programs that run the file behind them, and hand it what comes after that."""
_STARTERS = _INTERPRETERS | _SHELLS | {"exec"}
_FILE = regex(r"[\w./-]+\.(?:py|[cm]?js|ts|rb|php|jar|dll)")
_RUN = regex(
    rf"{COMPOSE}(?P<before>[^\n&|;]*?)\srun\s+(?P<flags>(?:-[\w-]+(?:=\S+)?\s+(?:[A-Z_]+=\S+\s+)?)*)"
    r"(?P<service>[\w.-]+)\s+(?P<words>[\w./][^\n&|;]*)",
    words=("compose", "COMPOSE"),
)
_NAMED = regex(r"(?:-f|--file)[= ]\s*[\"']?(?:\S*/)?([\w.-]+\.ya?ml)")
_EXPECTED = 'exec "$@" at the end of the entrypoint, or %s'
_ACTUAL = "an entrypoint that takes no words"
_OF_A_RELEASE = frozenset({"script", "makefile", "workflow", "playbook"})


@frozen
class _Deaf:
    """An entrypoint that takes no words: where it stands, what it is called, and the text of what it runs."""

    location: Location
    called: str
    text: str
    is_program: bool = False
    """Whether it is a program of its own, to which words that name none may mean something."""


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    yield from once(gap for stack in stacks for gap in _of_stack(project, stack))
    yield from once(_of_releases(project, stacks))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        deaf = known(_deaf, project, service) if service.command and not service.entrypoint else None
        words = service.command or ()
        if deaf is not None and not _runs_it_already(deaf.text, words):
            others = [name for name in known(_started_alike, stack).get(_image(service), ()) if name != service.name]
            yield _service_gap(stack, service, deaf, others)


def _started_alike(stack: Stack) -> dict[tuple[str | None, str | None, str], tuple[str, ...]]:
    """Return the services that start an image by its own entrypoint, by what it is made of."""
    found: dict[tuple[str | None, str | None, str], list[str]] = {}
    for service in stack.services:
        if service.made is not None and not service.entrypoint:
            found.setdefault(_image(service), []).append(service.name)
    return {image: tuple(names) for image, names in found.items()}


def _image(service: Service) -> tuple[str | None, str | None, str]:
    made = service.made
    return (made.context, made.dockerfile, made.target) if made else (None, None, "")


# --- entrypoints ------------------------------------------------------------------------------------------------------


def _deaf(project: Project, service: Service) -> _Deaf | None:
    """Return the entrypoint of a service's image where it starts the same whatever the command is, None where it may not."""
    dockerfile = project.image_of(service)
    entrypoint = dockerfile.effective("ENTRYPOINT", service.build_target) if dockerfile else None
    if dockerfile is None or entrypoint is None:
        return None
    if not entrypoint.exec_form:
        text = entrypoint.text.strip()
        return _Deaf(entrypoint.location, "the shell form of ENTRYPOINT", text) if text and not _TAKES.search(text) else None
    words = [word for word in entrypoint.argv if posixpath.basename(word) not in _INITS and word != "--"]
    name = posixpath.basename(words[0]) if words else ""
    if name in _SHELLS and len(words) > 2 and re.fullmatch(r"-[a-z]*c", words[1]):
        return None if _TAKES.search(words[2]) else _Deaf(entrypoint.location, "ENTRYPOINT", words[2])
    if name in _INTERPRETERS:
        return _of_program(entrypoint, words, service)
    script = words[1] if name in _SHELLS and len(words) == 2 else words[0] if len(words) == 1 else ""
    path = script_of(project, dockerfile, posixpath.basename(script)) if script and not script.startswith("-") else None
    source = (project.source(path) if path else None) or ""
    if path is None or not source or _TAKES.search(source) or _READS_ANOTHER.search(source):
        return None
    return _Deaf(entrypoint.location, path, source)


def _of_program(entrypoint: Instruction, words: list[str], service: Service) -> _Deaf | None:
    """Return an entrypoint that names a program whole, where the command names one whole as well: the second one is no more
    than words for the first.
    """
    given = service.command or ()
    same = bool(given) and posixpath.basename(given[0]) in _INTERPRETERS
    whole = any(_FILE.fullmatch(word) for word in words[1:]) and any(_FILE.fullmatch(word) for word in given[1:])
    text = " ".join(words)
    called = f"ENTRYPOINT ({shown_words(text)})"
    return _Deaf(entrypoint.location, called, text, is_program=True) if same and whole else None


def _runs_it_already(text: str, words: tuple[str, ...]) -> bool:
    """Whether the text starts what the command names, so that nothing but options may be lost."""
    told = [word for word in " ".join(words).split() if not word.startswith("-")]
    telling = [
        word for word in told if word not in _INTERPRETERS and posixpath.basename(word) not in _SHELLS and word != "exec"
    ]
    return bool(telling) and all(word.strip("\"'") in text for word in telling[:2])


# --- releases ---------------------------------------------------------------------------------------------------------


def _of_releases(project: Project, stacks: list[Stack]) -> Iterator[Gap]:
    """Yield the commands of scripts and workflows that are to run once in such an image."""
    services: dict[str, list[tuple[Stack, Service]]] = {}
    for stack in stacks:
        for service in (item for item in stack.services if not item.entrypoint):
            services.setdefault(service.name, []).append((stack, service))
    for command in project.commands:
        path = command.location.path
        if command.context not in _OF_A_RELEASE or path in project.owned or is_test_path(path) or SAYS.match(command.text):
            continue
        match = _RUN.search(command.text)
        if match is None or "--entrypoint" in match["flags"]:
            continue
        names = set(_NAMED.findall(match["before"]))
        words = tuple(match["words"].split())
        for stack, service in services.get(match["service"], ()):
            if names and names.isdisjoint(map(posixpath.basename, stack.files)):
                continue
            deaf = known(_deaf, project, service)
            if deaf is not None and not deaf.is_program and not _runs_it_already(deaf.text, words):
                yield _release_gap(stack, service, deaf, command.location, match["words"])
                break


# --- findings ---------------------------------------------------------------------------------------------------------


def _release_gap(stack: Stack, service: Service, deaf: _Deaf, place: Location, words: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="command/run",
        message=f"{place.path} has a container of {service.name} run `{shown_words(words)}`, and {deaf.called} takes no words:"
        " the container does what the service does at every start, and what the release asked for never happens.",
        expected=_EXPECTED % "`--entrypoint` in the call",
        actual=_ACTUAL,
        locations=(place, deaf.location),
        related=(service.location,),
        environment=stack.environment,
    )


def _service_gap(stack: Stack, service: Service, deaf: _Deaf, others: list[str]) -> Gap:
    words = shown_words(" ".join(service.command or ()))
    also = f", as {' and '.join(others[:3])}" if others else ""
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="command/ignored",
        message=f"{service.name} is to run `{words}`, and {deaf.called} takes no words: the container starts what the image"
        f" always starts{also}, and the command never runs.",
        expected=_EXPECTED % "an entrypoint of the service",
        actual=_ACTUAL,
        locations=tuple(dict.fromkeys((service.command_location or service.location, deaf.location))),
        related=(service.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP032",
    name="command-reaches-nothing",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            'End the entrypoint with `exec "$@"` and give what it started as CMD; where another image needs its own start, name'
            " it as `entrypoint` of the service.",
        ),
    ),
    cause=Cause.STACK,
)
