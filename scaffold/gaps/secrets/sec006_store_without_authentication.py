"""SEC006: a store answers everybody who reaches it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import every_stack, once, store_port_is_open
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.probes import known_image, requires_password
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TRUE = frozenset({"true", "1", "yes", "on"})
_CONFIG = regex(r"redis|valkey|\.conf$")


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in every_stack(project) for gap in _of_stack(stack)))


def _of_stack(stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        found = _reason(service)
        if found:
            yield _gap(stack, service, *found)


def _reason(service: Service) -> tuple[str, str, Location] | None:
    """Return the subject, why the store is open and where that stands, or None."""
    for name, is_open, why in _SWITCHES:
        entry = service.env(name)
        if entry is not None and entry.value is not None and is_open(entry.value):
            return f"environment/{name}", why, entry.location
    if service.role is Role.REDIS and not service.build:
        return _redis(service)
    known = None if service.build else known_image(service.image)
    if known and known.facts.family == "chroma" and store_port_is_open(service):
        place = service.image_location or service.location
        return "authentication", "Chroma has no authentication of its own, and its port is published", place
    if (
        service.role is Role.MONGO
        and known
        and not service.command
        and not any("MONGO_INITDB_ROOT" in e.name for e in service.environment)
    ):
        return (
            "authentication",
            "no root user is set, so MongoDB starts without access control",
            service.image_location or service.location,
        )
    return None


def _redis(service: Service) -> tuple[str, str, Location] | None:
    known = known_image(service.image)
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    # A configuration file, an own start script or an image that is not in the table may well set a password.
    from_file = any(_CONFIG.search(mount.target) and not mount.target.startswith("/data") for mount in service.mounts)
    is_plain = not words or re.match(r"(?:\S*/)?(?:redis|valkey)-server\b", words)
    if known is None or requires_password(service) or from_file or not is_plain or ".conf" in words:
        return None
    place = service.command_location or service.image_location or service.location
    return "authentication", "neither requirepass nor an ACL is set", place


def _gap(stack: Stack, service: Service, subject: str, why: str, place: Location) -> Gap:
    is_open = store_port_is_open(service)
    ports = tuple(port.location for port in service.ports) if is_open else ()
    reach = "everybody who reaches the host" if is_open else "every container of its network"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=subject,
        message=f"{service.name} takes commands from {reach} without a login: {why}.",
        expected="a password or an ACL from a secret",
        actual=why,
        locations=(place,),
        related=ports,
        severity=Severity.HIGH if is_open else Severity.MEDIUM,
        environment=stack.environment,
    )


_SWITCHES = (
    ("POSTGRES_HOST_AUTH_METHOD", lambda value: value.strip() == "trust", "POSTGRES_HOST_AUTH_METHOD is trust"),
    ("xpack.security.enabled", lambda value: value.strip().lower() == "false", "xpack.security.enabled is false"),
    ("DISABLE_SECURITY_PLUGIN", lambda value: value.strip().lower() in _TRUE, "the security plugin is disabled"),
    ("ALLOW_EMPTY_PASSWORD", lambda value: value.strip().lower() in _TRUE, "empty passwords are allowed"),
    ("MYSQL_ALLOW_EMPTY_PASSWORD", lambda value: bool(value.strip()), "empty passwords are allowed"),
    ("MARIADB_ALLOW_EMPTY_ROOT_PASSWORD", lambda value: bool(value.strip()), "empty passwords are allowed"),
    (
        "EVENTSTORE_INSECURE",
        lambda value: value.strip().lower() in _TRUE,
        "EVENTSTORE_INSECURE switches TLS and every login off",
    ),
    ("AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED", lambda value: value.strip().lower() in _TRUE, "anonymous access is enabled"),
)

RULE = Rule(
    code="SEC006",
    name="store-without-authentication",
    layer=Layer.SECRETS,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(None, "advice", "Set a password from a secret and put it into the clients' URLs; keep the port off the host."),
    ),
)
