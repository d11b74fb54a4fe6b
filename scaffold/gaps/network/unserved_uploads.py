"""Uploads that Django serves only while DEBUG is on, kept in a volume that no proxy of production has."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import judged_stacks
from scaffold.gaps.own_images import is_own_image
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.image_code import is_in_image
from scaffold.model.names import EnvironmentClass
from scaffold.model.project import Project
from scaffold.model.regex import regex

_UPLOADS = regex(r"/(?:media|media_?files|uploads)/?$", words=("media", "uploads"))
_PATH = regex(r"/(?:media|media_?files|uploads)\b", words=("media", "uploads"))
_PROXY_FILE = regex(r"(?i)(?:nginx|caddy|apache|httpd|haproxy|traefik|\.conf(?:\.|$)|\.vhost|\.tmpl$|\.template$)")
_OFF = frozenset({"false", "0", "off", "no", "n", "f"})


@frozen
class Unserved:
    """A service that takes uploads into a volume, and the line of its routes that serves them to developers alone."""

    stack: Stack
    service: Service
    mount: Mount
    route: Location


def unserved_uploads(project: Project) -> Iterator[Unserved]:
    """Yield the services of production whose uploads nobody gets, each volume once."""
    facts = [fact for fact in project.code_facts if fact.kind == "uploads-served"]
    route = next((fact.location for fact in facts if fact.detail == "debug"), None)
    if route is None or any(fact.detail == "always" for fact in facts) or _is_known_to_a_proxy(project):
        return
    seen: set[str] = set()
    for stack in judged_stacks(project):
        for service in stack.services if stack.is_runnable_in_production else ():
            mount = _uploads(service)
            if mount and mount.source not in seen and _runs(project, service, route) and _is_off(stack, service):
                seen.add(mount.source)
                if not _is_shared(stack, service, mount):
                    yield Unserved(stack, service, mount, route)


def _uploads(service: Service) -> Mount | None:
    """Return the named volume for uploads; what is a folder of the host may be served by a program of the host."""
    return next(
        (item for item in service.mounts if item.kind == "volume" and item.source and _UPLOADS.search(item.target)), None
    )


def _runs(project: Project, service: Service, route: Location) -> bool:
    """Whether a service runs the code of the routes, by its build, or by an image that the project makes or calls so."""
    if service.build:
        return is_in_image(project, service, route.path)
    called = service.image.repository.rpartition("/")[2] if service.image else ""
    return is_own_image(project, service.image) or called == route.path.partition("/")[0]


def _is_off(stack: Stack, service: Service) -> bool:
    entries = [item for item in service.environment if item.name.endswith("DEBUG")]
    said = [(item.value or "").strip().lower() in _OFF for item in entries]
    return all(said) if said else stack.environment is EnvironmentClass.PRODUCTION


def _is_shared(stack: Stack, service: Service, mount: Mount) -> bool:
    """Whether something that is not made of the same sources has the volume as well, as a server of files does."""
    others = (item for item in stack.services if any(m.source == mount.source for m in item.mounts) and item is not service)
    return not all(_is_alike(item, service) for item in others)


def _is_alike(service: Service, other: Service) -> bool:
    """Whether two services run one image, as a web server and its worker do."""
    if service.made and other.made:
        return service.made.context == other.made.context and service.made.dockerfile == other.made.dockerfile
    return service.image is not None and service.image == other.image


def _is_known_to_a_proxy(project: Project) -> bool:
    """Whether a configuration of a proxy, also one for the host, or a label knows the path."""
    if any(_PROXY_FILE.search(item.path) and _PATH.search(item.text) for item in project.sources):
        return True
    labels = (str(service.node.get("labels") or "") for stack in project.stacks for service in stack.services)
    return any(_PATH.search(text) for text in labels)
