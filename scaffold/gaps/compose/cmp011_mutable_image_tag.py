"""CMP011: an image of production whose tag can name another image tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import EXEMPT_FROM_SERVICE_HYGIENE, Share, listed, once, production_shares
from scaffold.gaps.own_images import is_own_image
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Scalar
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import EnvironmentClass, Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.template_values import shown_image
from scaffold.model.values import ImageReference, dns_label

_MOVING = frozenset(
    {"latest", "stable", "edge", "nightly", "canary", "main", "master", "dev", "develop", "snapshot", "unstable", "lts"}
)


@frozen
class _Moving:
    """A service and its image, and the template that sets it, "" where the stack does."""

    service: Service
    image: ImageReference
    template: str = ""


_NOT_JUDGED = EXEMPT_FROM_SERVICE_HYGIENE | {Role.ADMIN_UI}


def _detect(project: Project) -> Iterator[Gap]:
    built = frozenset(
        _key(service.image)
        for stack in project.stacks
        for service in stack.services
        if service.build and service.image and not (_is_released(service.image) and _is_of_developers(stack))
    )
    return iter(once(gap for share in production_shares(project) for gap in _of_share(project, share, built)))


def _key(image: ImageReference) -> tuple[str, str, str]:
    """Return what tells the images that are built here from those that are pulled: of a released one each tag is another."""
    return image.registry, image.repository, image.tag if _is_released(image) else ""


def _is_released(image: ImageReference) -> bool:
    """Whether the name has a registry or an owner: one without is that of an image which stays on the host."""
    return bool(image.registry) or "/" in image.repository


def _is_of_developers(stack: Stack) -> bool:
    return stack.is_of_developers or stack.environment is EnvironmentClass.DEV


def _of_share(project: Project, share: Share, built: frozenset[tuple[str, str, str]]) -> Iterator[Gap]:
    found = [item for service in share.services if (item := _moving(project, service, built)) is not None]
    if not found:
        return
    # What keeps data, or stands before everything, is not to go under among the images of the project.
    found.sort(key=lambda item: not _is_serious(item.service))
    names = listed((f"{item.service.name} ({item.image})" for item in found), 4)
    templates = tuple(dict.fromkeys(item.template for item in found if item.template))
    by = f"; it is what {' and '.join(templates)} sets" if templates else ""
    foreign = next((note for item in found if (note := _foreign_owner(project, item))), "")
    serious = bool(foreign) or any(_is_serious(item.service) for item in found)
    yield RULE.gap(
        resource=share.resource,
        subject="images",
        message=f"The next pull may bring another version of {names}: an update that nobody chose{by}{foreign}.",
        expected="a tag with a version, or a digest",
        actual=" and ".join(dict.fromkeys(item.image.tag or "no tag" for item in found)),
        locations=tuple(item.service.image_location or item.service.location for item in found),
        related=tuple(place for item in found for place in _sets_it(project, item)),
        severity=Severity.MEDIUM if serious else Severity.LOW,
        environment=share.environment,
    )


def _is_serious(service: Service) -> bool:
    return service.is_datastore or service.role is Role.PROXY


def _moving(project: Project, service: Service, built: frozenset[tuple[str, str, str]]) -> _Moving | None:
    """Return the image of a service where its tag may name another one tomorrow, also by what the template sets.

    Of an image that the service can build itself, only the tag of a branch counts: Compose pulls before it builds.
    """
    shown = shown_image(project, service)
    if shown is not None and service.role not in _NOT_JUDGED:
        return _Moving(service, shown.image, shown.template.path) if _moves_by_template(project, service, shown.image) else None
    image = service.image
    if image is None or _key(image) in built or not _moves(service, image):
        return None
    return _Moving(service, image)


def _moves_by_template(project: Project, service: Service, image: ImageReference) -> bool:
    """Whether the tag that a template sets is that of a branch, or a moving one of an image that is not the project's own,
    which each deployment may name.
    """
    words = frozenset(re.split(r"[-_.]", image.tag.lower()))
    if image.digest or (service.build and "/" not in image.repository):
        return False
    return "branch" in words or (not service.build and bool(words & _MOVING) and not is_own_image(project, image))


def _sets_it(project: Project, item: _Moving) -> Iterator[Location]:
    """Yield the lines of the template that the image is made of."""
    template = next((file for file in project.env_files if file.path == item.template), None)
    for reference in item.service.image_references if template else ():
        entry = template.entry(reference.name) if template else None
        if entry is not None:
            yield entry.location


def _foreign_owner(project: Project, item: _Moving) -> str:
    """Return what to say of an image that is called as the project is, of an account that its pages do not know."""
    owner, _, name = item.image.repository.rpartition("/")
    if not item.template or name != dns_label(project.name) or "/" in owner:
        return ""
    link = re.compile(
        rf"(?:github\.com|packagist\.org/packages|hub\.docker\.com/r|/gh)/([\w.-]+)/{re.escape(name)}\b", re.IGNORECASE
    )
    known = {match[1].lower() for page in project.docs for match in link.finditer(page.text)}
    if not known or owner.lower() in known:
        return ""
    return f", and {owner} is another account than {' or '.join(sorted(known))}, whose project it is"


def _moves(service: Service, image: ImageReference) -> bool:
    """Whether the tag names no version."""
    if service.build or service.role in _NOT_JUDGED or image.digest:
        return False
    if _is_chosen(service):
        return False
    words = frozenset(re.split(r"[-_.]", image.tag.lower()))
    return bool(words & _MOVING) or not re.search(r"\d", image.tag)


def _is_chosen(service: Service) -> bool:
    """Whether whoever deploys chooses the tag or the name before it: a variable without a default, other than one for the
    registry or the account.
    """
    node = service.node.get("image")
    last = node.raw.rpartition("/")[2] if isinstance(node, Scalar) else ""
    open_ones = (item.name for item in service.image_references if not item.has_default)
    return any(re.search(rf"\$\{{?{re.escape(name)}\b", last) for name in open_ones)


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
