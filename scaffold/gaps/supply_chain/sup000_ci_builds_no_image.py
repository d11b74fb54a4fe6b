"""SUP000: Compose builds images that no workflow builds, or none pushes, so what runs is made on somebody's machine."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.ci_signals import CiStep
from scaffold.gaps.signals import main_environment
from scaffold.gaps.supply_chain.images import (
    building_steps,
    built_elsewhere,
    built_on_hosts,
    is_deliverable,
    own_images,
    push_nowhere,
)
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_Images = tuple[tuple[Stack, Service], ...]
_MESSAGES = {
    False: "No workflow builds the image of {}: what runs in production is built by hand, unscanned and unsigned",
    True: "Workflows build the image of {} and push it to no registry: each host builds its own, unscanned and unsigned",
}
_ON_THE_HOST = (
    "A workflow has the host build the image of {} from its sources: no registry keeps it, nothing scans or signs it, and there"
    " is no earlier one to go back to"
)
_REPLACED = ", and no build has a name of its own, so there is no earlier image to go back to"
_PREVIOUS = regex(r"(?i)\b(?:previous|last(?: good)?|old|prior)\s+(?:docker\s+|container\s+)?image\b")
_BACK = regex(r"(?i)roll\w*[ -]?back|go back|revert")
"""How a page counts on the image of the release before."""
_ADVICE = "Add a workflow that builds each image with docker/build-push-action and pushes it from the main branch."


def _detect(project: Project) -> Iterator[Gap]:
    images = tuple(own_images(project))
    steps = building_steps(project)
    if not images or built_elsewhere(project):
        return
    ours = tuple(item for item in images if is_deliverable(project, *item))
    others = (item for item in images if not is_deliverable(project, *item)) if ours else ()
    left = tuple(item for item in others if not _is_replaced(project, item[0]))
    if steps and not push_nowhere(project, steps):
        # What scaffold wrote builds what it can; the others are built by hand as before.
        if left and all(item.workflow.path in project.owned for item in steps):
            yield _gap(project, left, (), part="/left")
        return
    yield _gap(project, ours or images, steps)
    if left:
        yield _gap(project, left, steps, part="/left")


def _is_replaced(project: Project, stack: Stack) -> bool:
    """Whether another file stands in the place of a stack where production starts."""
    return any(note.is_replaced and set(stack.files) <= set(note.files) for note in project.development_notes)


def _gap(project: Project, images: _Images, steps: tuple[CiStep, ...], part: str = "") -> Gap:
    on_hosts = built_on_hosts(project)
    names = ", ".join(service.name for _, service in images)
    counting = _counting_on_the_last(project) if on_hosts or _replaces(images) else None
    message = (_ON_THE_HOST if on_hosts else _MESSAGES[bool(steps)]).format(names)
    message += _REPLACED if _replaces(images) and not on_hosts else ""
    message += f", though {counting.path}:{counting.line} counts on one" if counting else ""
    actual = "built to be tried, pushed nowhere" if steps else "no build in the workflows"
    if on_hosts:
        actual = "built where it runs"
    theirs = (item for item in project.workflows if item.path not in project.owned)
    searched = () if steps or on_hosts else tuple(item.on_location or Location(item.path, 1) for item in theirs)
    ours = any(is_deliverable(project, stack, service) for stack, service in images)
    return RULE.gap(
        resource="supply-chain",
        subject=f"image-build{part}",
        message=f"{message}.",
        expected="a workflow that builds the images and pushes them by digest",
        actual=actual,
        locations=tuple(service.build.location for _, service in images if service.build),
        related=tuple(
            dict.fromkeys((*(place for _, place in on_hosts), *(item.place for item in steps), *filter(None, (counting,))))
        ),
        severity=Severity.LOW if steps and not on_hosts else None,
        searched=searched,
        environment=main_environment(project),
        closers=RULE.closers if ours else (Closer(None, "advice", _ADVICE),),
    )


def _replaces(images: _Images) -> bool:
    """Whether every build of each image gets the name of the one before."""
    return all(not service.image_references and (service.image is None or service.image.is_mutable) for _, service in images)


def _counting_on_the_last(project: Project) -> Location | None:
    """Return the line of a page that goes back to the image of the release before, or None."""
    for page in project.docs:
        match = _PREVIOUS.search(page.text) if page.path not in project.owned and "image" in page.text else None
        if match and _BACK.search(page.text, max(match.start() - 400, 0), match.end() + 400):
            return Location.at_offset(page.path, page.text, match.start())
    return None


RULE = Rule(
    code="SUP000",
    name="ci-builds-no-image",
    layer=Layer.SUPPLY_CHAIN,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.WORKFLOWS, "files"),),
)
