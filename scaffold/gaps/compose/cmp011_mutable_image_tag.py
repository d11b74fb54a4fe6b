"""CMP011: an image of production whose tag can name another image tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import EXEMPT_FROM_SERVICE_HYGIENE, Share, listed, once, production_shares
from scaffold.model.compose import Service
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.values import ImageReference

_MOVING = frozenset(
    {"latest", "stable", "edge", "nightly", "canary", "main", "master", "dev", "develop", "snapshot", "unstable", "lts"}
)


_NOT_JUDGED = EXEMPT_FROM_SERVICE_HYGIENE | {Role.ADMIN_UI}


def _detect(project: Project) -> Iterator[Gap]:
    built = frozenset(
        (service.image.registry, service.image.repository)
        for stack in project.stacks
        for service in stack.services
        if service.build and service.image
    )
    return iter(once(gap for share in production_shares(project) for gap in _of_share(share, built)))


def _of_share(share: Share, built: frozenset[tuple[str, str]]) -> Iterator[Gap]:
    found = [
        (service, service.image)
        for service in share.services
        if service.image and (service.image.registry, service.image.repository) not in built and _moves(service, service.image)
    ]
    if not found:
        return
    names = listed((f"{service.name} ({image})" for service, image in found), 4)
    serious = any(service.is_datastore or service.role is Role.PROXY for service, _ in found)
    yield RULE.gap(
        resource=share.resource,
        subject="images",
        message=f"The next pull may bring another version of {names}: an update that nobody chose.",
        expected="a tag with a version, or a digest",
        actual=" and ".join(dict.fromkeys(image.tag or "no tag" for _, image in found)),
        locations=tuple(service.image_location or service.location for service, _ in found),
        severity=Severity.MEDIUM if serious else Severity.LOW,
        environment=share.environment,
    )


def _moves(service: Service, image: ImageReference) -> bool:
    """Whether the tag names no version; a tag out of a variable without a default is chosen by whoever deploys."""
    if service.build or service.role in _NOT_JUDGED or image.digest:
        return False
    if any(not reference.has_default for reference in service.image_references):
        return False
    words = frozenset(re.split(r"[-_.]", image.tag.lower()))
    return bool(words & _MOVING) or not re.search(r"\d", image.tag)


RULE = Rule(
    code="CMP011",
    name="mutable-image-tag",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Write the version that runs today (`docker compose images`), and let Renovate or Dependabot propose the next one.",
        ),
    ),
    maps_to=("dclint:service-image-require-explicit-tag", "CKV_K8S_14"),
)
