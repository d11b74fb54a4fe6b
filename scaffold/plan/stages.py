"""The stage that an image of production is built from, where the compose files name the one for development."""

from __future__ import annotations

from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.project import Project, Stage
from scaffold.model.regex import regex
from scaffold.model.workload import Note

_DEVELOPMENT = regex(r"(?:.*[-_.])?(?:dev|develop|development|debug|local|test|tests|testing|watch)(?:[-_.].*)?")
_PRODUCTION = regex(r"(?:.*[-_.])?(?:prod|prd|production|release|final|runtime|runner|deploy)(?:[-_.].*)?")
_COMMAND = regex(
    r"--reload\b|\bnodemon\b|\b(?:run |start:)dev\b|--watch\b|\brunserver\b|\bdebugpy\b|--inspect\b|\bair\b|\bvite\b(?! build)"
)


def with_production_stages(project: Project, stack: Stack) -> tuple[Stack, tuple[Note, ...]]:
    """Return the stack with each build of a development stage at that of production, and a note about each such service.

    A command for development goes with its stage; where the Dockerfile has no other stage, the note says so.
    """
    changed = [_staged(project, service) for service in stack.services]
    if not any(note for _, note in changed):
        return stack, ()
    return replace(stack, services=tuple(service for service, _ in changed)), tuple(note for _, note in changed if note)


def _staged(project: Project, service: Service) -> tuple[Service, Note | None]:
    build, dockerfile = service.build, project.image_of(service)
    if build is None or dockerfile is None or not _DEVELOPMENT.fullmatch(build.target.lower()):
        return service, None
    stage = _stage_of_production(dockerfile.stages, build.target)
    if stage is None:
        why = f"it is built from the stage {build.target}, which is for development, and its Dockerfile has no other: add one"
        return service, Note(service.name, "build", why, build.location, urgent=True)
    name = stage.alias or "its last stage"
    target = stage.alias if stage is not dockerfile.stages[-1] else ""
    why = f"Compose builds the stage {build.target}, which is for development: the image of the release is built from {name}"
    staged = replace(service, build=replace(build, target=target))
    command = " ".join(service.command or ())
    if _COMMAND.search(command):
        why += ", and its command of development is left out"
        node = replace(staged.node, entries=tuple(item for item in staged.node.entries if item.key.value != "command"))
        staged = replace(staged, command=None, node=node)
    return staged, Note(
        service.name, "build", f"{why}; look at what it starts before the first release", build.location, urgent=True
    )


def _stage_of_production(stages: tuple[Stage, ...], target: str) -> Stage | None:
    """Return the stage that is named after production, else the last one where that is none for development."""
    named = [
        stage
        for stage in stages
        if stage.alias and _PRODUCTION.fullmatch(stage.alias) and not _DEVELOPMENT.fullmatch(stage.alias)
    ]
    last = stages[-1]
    if named:
        return last if last in named else named[-1]
    return None if last.alias == target.lower() or _DEVELOPMENT.fullmatch(last.alias or "") else last
