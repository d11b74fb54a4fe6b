"""IMG008: an image holds a release, or the framework of the application is one, that gets no more fixes."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks
from scaffold.gaps.image.builds import environment_of
from scaffold.gaps.image.end_of_life import Ended, ended_releases
from scaffold.gaps.image.support_ends import AS_OF, LONG_AGO
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity, closest_to_production
from scaffold.model.project import Project
from scaffold.model.values import ImageReference


def _detect(project: Project) -> Iterator[Gap]:
    found: dict[Ended, list[tuple[Location, EnvironmentClass]]] = {}
    for image, place, environment in (*_bases(project), *_images(project)):
        for ended in ended_releases(image):
            found.setdefault(ended, []).append((place, environment))
    # A framework stands in the image as what is below it does; without an image nobody here runs it.
    for ended, place in _ended_frameworks(project) if project.dockerfiles else ():
        found.setdefault(ended, []).append((place, _CLASS))
    for ended, places in sorted(found.items(), key=lambda item: (item[0].product, item[0].release)):
        yield _gap(ended, places)


_CLASS = EnvironmentClass.BASE
"""A manifest is for every environment."""
_SHOWN = 10


def _ended_frameworks(project: Project) -> Iterator[tuple[Ended, Location]]:
    from scaffold.gaps.image.frameworks import ended_frameworks

    return ended_frameworks(project)


def _bases(project: Project) -> Iterator[tuple[ImageReference, Location, EnvironmentClass]]:
    for dockerfile in project.dockerfiles:
        aliases: set[str] = set()
        for stage in dockerfile.stages:
            if stage.base and "$" not in stage.base and stage.base not in aliases:
                yield ImageReference.parse(stage.base), stage.location, environment_of(project, dockerfile)
            aliases.add(stage.alias)


def _images(project: Project) -> Iterator[tuple[ImageReference, Location, EnvironmentClass]]:
    for stack in judged_stacks(project):
        for service in stack.services:
            if service.image and not service.build and service.image_location:
                yield service.image, service.image_location, stack.environment


def _gap(ended: Ended, places: list[tuple[Location, EnvironmentClass]]) -> Gap:
    return RULE.gap(
        resource="image",
        subject=f"end-of-life/{ended.product.lower()}-{ended.release}",
        message=f"{ended.product} {ended.release} gets no more security fixes since {ended.day} (table of {AS_OF}).",
        expected=ended.instead or f"a release of {ended.product} that is supported",
        actual=f"{ended.product} {ended.release}",
        locations=tuple(dict.fromkeys(place for place, _ in places))[:_SHOWN],
        severity=Severity.MEDIUM if ended.day < LONG_AGO else None,
        environment=closest_to_production(environment for _, environment in places),
    )


RULE = Rule(
    code="IMG008",
    name="end-of-life-base",
    layer=Layer.IMAGE,
    severity=Severity.LOW,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Move to a release that is supported. A store keeps its data in the format of its major release: dump and restore, "
            "or use its upgrade tool, and do not only change the tag.",
        ),
    ),
)
