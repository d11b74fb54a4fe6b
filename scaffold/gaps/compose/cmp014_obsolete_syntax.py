"""CMP014: syntax and programs of Compose that are gone: `version:`, `links`, `docker-compose` with a hyphen."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import Location, Mapping
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.swarm import deployed_to_swarm

_OLD_PROGRAM = regex(r"(?:^|[\s;&|(`$@])docker-compose[ \t]+(?!--?version)(?:-\S+[ \t]+)*\S")
_INSTALLS_IT = regex(
    r"pip3?\s+install\s+[^;&|]*docker-compose|compose/releases/download/(?:v?1\.|1)|apt(?:-get)?\s+install[^;&|]*docker-compose"
)
_SWARM = "stack deploy"
_SHOWN = 10
_RUN = frozenset({"makefile", "script", "workflow", "package", "dockerfile"})


def _detect(project: Project) -> Iterator[Gap]:
    versions = tuple(_versions(project))
    if versions:
        yield _gap("version", "Compose ignores the top-level `version:` and warns of it at each start", versions)
    links = tuple(_links(project))
    if links:
        yield _gap("links", "`links` does nothing that the network of the stack does not do", links)
    programs = tuple(_programs(project))
    if programs:
        yield _gap(
            "docker-compose",
            "`docker-compose` with a hyphen gets no fixes since 2023, and the runners of GitHub no longer have it",
            programs,
        )


def _versions(project: Project) -> Iterator[Location]:
    if any(_SWARM in command.text for command in project.commands):
        return  # `docker stack deploy` of older engines wants it.
    swarm = deployed_to_swarm(project)
    for file in project.compose_files:
        entry = file.node.entry("version") if file.path not in project.owned and file.path not in swarm else None
        if entry is not None:
            yield entry.key.location


def _links(project: Project) -> Iterator[Location]:
    for file in project.compose_files:
        services = file.node.get("services") if file.path not in project.owned else None
        for entry in services.entries if isinstance(services, Mapping) else ():
            links = entry.value.entry("links") if isinstance(entry.value, Mapping) else None
            if links is not None:
                yield links.key.location


def _programs(project: Project) -> Iterator[Location]:
    """Yield the commands that run the old program, unless the project installs it."""
    commands = [item for item in project.commands if item.context in _RUN and item.location.path not in project.owned]
    if any(_INSTALLS_IT.search(command.text) for command in commands):
        return
    for command in commands:
        # A text with both asks which of them is there.
        if _OLD_PROGRAM.search(command.text) and "docker compose" not in command.text:
            yield command.location


def _gap(subject: str, message: str, places: tuple[Location, ...]) -> Gap:
    return RULE.gap(
        resource="compose",
        subject=subject,
        message=f"{message} ({len(places)} {'place' if len(places) == 1 else 'places'}).",
        expected=_EXPECTED[subject],
        actual=subject,
        locations=tuple(dict.fromkeys(places))[:_SHOWN],
        closers=(Closer(None, "advice", _ADVICE[subject]),),
    )


_EXPECTED = {"version": "no such key", "links": "the name of the service as host", "docker-compose": "docker compose"}
_ADVICE = {
    "version": "Delete the line.",
    "links": "Delete the lines, and use the name of the service as host; an alias goes below `networks`.",
    "docker-compose": "Write `docker compose`, which every current Docker brings along.",
}
RULE = Rule(
    code="CMP014",
    name="obsolete-syntax",
    layer=Layer.COMPOSE,
    severity=Severity.INFO,
    detect=_detect,
    closers=(Closer(None, "advice", "Delete `version:` and `links`, and write `docker compose`."),),
    maps_to=("dclint:no-version-field",),
)
