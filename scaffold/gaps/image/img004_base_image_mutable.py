"""IMG004: an image is built on a base whose name means another image from one week to the next."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.image.builds import DEVELOPMENT, environment_of
from scaffold.gaps.update_bots import renovate_limit
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Severity, closest_to_production
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_FLAVOURS = regex(
    r"(?:alpine|slim|lts|current|mainline|debug|nonroot|static|jre|jdk|fpm|cli|apache)(?:-(?:alpine|slim|jre|jdk))?"
)
"""Tags that choose a variant and no version."""
_UNVERSIONED = regex(r"^cgr\.dev/|^gcr\.io/distroless/")
"""Bases that are published without version tags: only a digest pins them."""
_TAG = regex(r"\s(?:-t|--tag)[= ]\s*[\"']?([\w./:-]+)")


def _detect(project: Project) -> Iterator[Gap]:
    own = _own_names(project)
    found: dict[str, list[tuple[Location, EnvironmentClass]]] = {}
    for dockerfile in project.dockerfiles:
        for base, place in _bases(dockerfile):
            image = ImageReference.parse(base)
            if _severity(base, image) is not None and image.repository not in own:
                found.setdefault(base, []).append((place, environment_of(project, dockerfile)))
    for base, places in sorted(found.items()):
        yield _gap(base, places, _advice(project))


def _bases(dockerfile: Dockerfile) -> Iterator[tuple[str, Location]]:
    """Yield each base that comes from a registry; unknown ones, other stages and stages for development are left out."""
    aliases: set[str] = set()
    for stage in dockerfile.stages:
        known = stage.base and "$" not in stage.base and stage.base not in aliases | {"scratch"}
        if known and not DEVELOPMENT.search(stage.alias):
            yield stage.base, stage.location
        aliases.add(stage.alias)


def _severity(base: str, image: ImageReference) -> Severity | None:
    if image.digest:
        return None
    if _UNVERSIONED.search(base):
        return Severity.LOW if image.is_mutable else None
    if image.is_mutable:
        return Severity.MEDIUM
    return Severity.LOW if _FLAVOURS.fullmatch(image.tag) else None


def _own_names(project: Project) -> frozenset[str]:
    """Return the repositories of images that this project builds itself: their tag is whatever was built last."""
    built = (service.image for stack in project.stacks for service in stack.services if service.build and service.image)
    tagged = (match for command in project.commands for match in _TAG.finditer(f" {command.text}"))
    return frozenset({image.repository for image in built} | {ImageReference.parse(match[1]).repository for match in tagged})


def _advice(project: Project) -> tuple[Closer, ...] | None:
    """Return what to do where a bot is there and may not look at Dockerfiles; None for the advice of the rule."""
    limit = renovate_limit(project)
    if limit is None or any("docker" in name for name in limit.managers):
        return None
    text = f"Write the version into FROM, and add `dockerfile` to enabledManagers in {limit.location.path}."
    return (Closer(None, "advice", text),)


def _gap(base: str, places: list[tuple[Location, EnvironmentClass]], closers: tuple[Closer, ...] | None) -> Gap:
    image = ImageReference.parse(base)
    what = f"the tag {image.tag}" if image.tag else "no tag, which means latest,"
    pin = "a digest" if _UNVERSIONED.search(base) else "a tag with a version"
    return RULE.gap(
        resource="image",
        subject=f"base/{base}",
        message=f"The next build may stand on another release of {image.repository}: {what} names no version.",
        expected=f"{image.repository} with {pin}",
        actual=base,
        locations=tuple(dict.fromkeys(place for place, _ in places)),
        severity=_severity(base, image),
        environment=closest_to_production(environment for _, environment in places),
        closers=closers,
    )


RULE = Rule(
    code="IMG004",
    name="base-image-mutable",
    layer=Layer.IMAGE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the version into FROM (`python:3.13-slim`), and let Renovate or Dependabot raise it by pull request.",
        ),
    ),
    maps_to=("DL3006", "DL3007", "CKV_DOCKER_7"),
)
