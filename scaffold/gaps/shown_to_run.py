"""What shows that this very stack, and this part of it, runs for others than its developers: high and critical need that."""

from __future__ import annotations

import posixpath

from scaffold.gaps.developers_use import is_not_kept_up, workbench_of
from scaffold.gaps.facts import DEFAULT_FILES, mounts_source
from scaffold.gaps.remembered import remembered
from scaffold.gaps.starts import FOR_DEVELOPERS, PAGES, Start, Strength, has_visitors
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Gap
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_STAGE_OF_DEVELOPERS = regex(r"(?i)(?:^|[._-])(?:dev|devel|development|debug|local|tests?)(?:[._-]|$)")
_EXCEPT = regex(r"!=\s*[\"']?\w+")
_HARMS_WHOEVER_TRIES = frozenset({"NET001", "NET003", "BCK000"})
"""A port that is open, or data without a copy, is as bad for who tries the stack on a host of their own."""


def not_shown(
    project: Project, gap: Gap, stacks: list[Stack], start: Start, *, fails_at_once: bool
) -> tuple[Severity, str, Location] | None:
    """Return medium for a gap of stacks of no class where nothing shows that they, and the part that it is about, run for
    others, with the reason and its place; None where something does, and for what harms whoever tries.

    It counts that
    - a place that can be named starts them (a page, a job, a script); without one, that they are the main stack and build
      nothing: who has the images alone starts it;
    - they come up again by themselves after a crash or a reboot, or have what only a stack with visitors has, such as an agent
      for certificates: nobody keeps up what is for a try. What ends the build or the first start (`fails_at_once`) is the same
      for who tries it, so there a start for others, or one on a page, is enough;
    - they are no workbench, on which every application that is built here mounts its sources, and the service of the gap is no
      developers' part of them: it neither mounts its sources nor builds a stage called after development or tests;
    - for a line of a file that is laid over another one, something names that file without a word on development.
    """
    if gap.layer is Layer.SECRETS or gap.code in _HARMS_WHOEVER_TRIES or gap.severity <= Severity.MEDIUM:
        return None
    bench = None if fails_at_once else workbench_of(stacks)
    part = _part_of_developers(stacks, gap) or _overlay_of_nobody(project, stacks, gap)
    part = part or (("mounts its sources, as developers do", bench) if bench else None)
    if part is not None:
        return Severity.MEDIUM, *part
    return not_used(project, stacks, start, fails_at_once=fails_at_once)


def not_used(
    project: Project, stacks: list[Stack], start: Start, *, fails_at_once: bool
) -> tuple[Severity, str, Location] | None:
    """Return medium where nothing shows that somebody starts stacks for others and keeps them up, as `not_shown` has it."""
    kept = not is_not_kept_up(stacks) or any(has_visitors(stack) for stack in stacks)
    if start.strength is Strength.NOTHING:
        built = any(service.build for stack in stacks for service in stack.services)
        if fails_at_once or built or not kept or project.main_stack not in stacks:
            return Severity.MEDIUM, "is started by nothing in this repository", start.location
        return None
    told = start.strength >= Strength.NAMED or start.location.path.endswith(PAGES)
    return None if kept or (fails_at_once and told) else (Severity.MEDIUM, _FOR_A_TRY, start.location)


_FOR_A_TRY = "starts it, and nothing shows that others use it: hardly a service comes up again after a reboot"


def _part_of_developers(stacks: list[Stack], gap: Gap) -> tuple[str, Location] | None:
    """Return what says of the service of a gap that developers work with it, and where."""
    for service in _services_of(stacks, gap):
        if service.build and _STAGE_OF_DEVELOPERS.search(service.build.target):
            return f"builds the stage {service.build.target} of {service.name}, which is for developers", service.location
        if mounts_source(service):
            return f"mounts the sources of {service.name}, as developers do", service.location
    return None


def _services_of(stacks: list[Stack], gap: Gap) -> list[Service]:
    name = gap.resource.rpartition("/")[2]
    found = (stack.service(name) for stack in stacks if stack.resource(name) == gap.resource)
    return [service for service in found if service is not None]


def _overlay_of_nobody(project: Project, stacks: list[Stack], gap: Gap) -> tuple[str, Location] | None:
    """Return that a file which is laid over others is named by nothing for others, None for every other file."""
    path = gap.primary.path
    name = posixpath.basename(path)
    holding = [stack for stack in stacks if path in stack.files]
    if name in DEFAULT_FILES or not holding or any(stack.files[0] == path for stack in holding):
        return None
    if name in _named_for_others(project):
        return None
    return f"is laid over {holding[0].files[0]}, and nothing here that is for others names it", Location(path, 1)


@remembered
def _named_for_others(project: Project) -> frozenset[str]:
    """Return the names of compose files that a line of another file has without a word on development or tests."""
    files = {file.path for file in project.compose_files}
    names = {posixpath.basename(path) for path in files}
    found: set[str] = set()
    for source in project.sources:
        if source.path in files or source.path in project.owned or FOR_DEVELOPERS.search(source.path):
            continue
        wanted = {name for name in names - found if name in source.text}
        for line in source.text.splitlines() if wanted else ():
            if not FOR_DEVELOPERS.search(_EXCEPT.sub("", line)):
                found |= {name for name in wanted if name in line}
    return frozenset(found)
