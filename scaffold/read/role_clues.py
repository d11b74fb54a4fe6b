"""What surrounds a service and speaks for its role: who waits for it, what it is built from, how it is probed."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from scaffold.model.compose import Service
from scaffold.model.regex import regex
from scaffold.read import role_data
from scaffold.read.name_table import NameTable

_DOCKERFILE = regex(r"\.?(docker|container)file\.?", re.IGNORECASE)
_OTHER_STORES = NameTable(((role_data.OTHER_STORES, True),))
_AT_HOME = regex(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\]):(\d{2,5})(?!\d)")
_BINDS = regex(
    r"(?:--(?:port|bind|http-port|server\.port)|-b)[= ](?:(?:\[?[0-9a-fA-F.:*]*\]?|localhost):)?(\d{2,5})(?![\d.])"
    r"|\b(?:runserver|http\.server)\s+(?:[\d.]+:)?(\d{2,5})\b"
)
_TOLD = regex(r"--port\b|--bind\b|--uds\b|(?:^|\s)-[bcp]\b|--config\b|\$")
_USUAL_PORTS = ((regex(r"\bfastapi\s+run\b|\buvicorn\b|\bgunicorn\b|\bmanage\.py\s+runserver\b"), 8000),)
"""Servers whose port nobody has to name: FastAPI's and Uvicorn's, Gunicorn's and Django's documentation."""
_DATABASE_URL = regex(r"(?:jdbc:)?(?:postgres(?:ql)?|mysql|mariadb|mongodb)(?:\+\w+)?://")
_WEB_PROBE = regex(r"https?://|\bcurl\b|\bwget\b")


def awaited(services: Iterable[Service]) -> frozenset[str]:
    """Return the names of the services that others wait for until they have completed."""
    edges = (edge for service in services for edge in service.depends_on)
    return frozenset(edge.service for edge in edges if edge.condition == "service_completed_successfully")


def dockerfile_word(service: Service) -> str:
    """Return what the name of the Dockerfile itself says: `worker` of Dockerfile.worker, "" of a plain one."""
    if service.made is None or (service.build is None and service.command is not None):
        return ""  # One image for several programs: the command says which.
    name = posixpath.basename(service.made.dockerfile or service.made.raw_dockerfile)
    return _DOCKERFILE.sub("", name).replace(".", "-").lower()


def folder_word(service: Service) -> str:
    """Return the name of the folder that a service is built from, or of its image where it is not built."""
    if service.build is None:
        return service.image.name.lower() if service.image else ""
    return posixpath.basename(posixpath.normpath(service.build.context or "")).strip(".").lower()


def has_store_signs(service: Service, data_folder: str, ports: frozenset[int]) -> bool:
    """Whether a container listens on a store's port or mounts its data folder, as only the store itself does."""
    listens = {port.target for port in service.ports} | set(service.expose)
    return bool(ports & listens) or any(re.search(data_folder, mount.target) for mount in service.mounts)


def answers_http(service: Service) -> bool:
    """Whether a service that publishes a port is probed over HTTP."""
    return bool(service.ports) and service.healthcheck is not None and bool(_WEB_PROBE.search(service.healthcheck.command))


def asked_at_home(service: Service) -> tuple[int, ...]:
    """Return the ports of the container itself that its healthcheck asks over HTTP."""
    check = service.healthcheck
    return tuple(int(port) for port in _AT_HOME.findall(check.command)) if check and not check.disabled else ()


def bound_by(command: str) -> tuple[int, ...]:
    """Return the port that a server is told to bind, or the one that it takes when nobody tells."""
    named = tuple(int(first or second) for first, second in _BINDS.findall(command))
    if named or _TOLD.search(command):
        return named[:1]
    return tuple(port for pattern, port in _USUAL_PORTS if pattern.search(command))[:1]


def has_web_port(service: Service) -> bool:
    """Whether a service listens on a port that is HTTP by habit."""
    ports = {port.target for port in service.ports if port.protocol == "tcp"} | set(service.expose)
    return bool(ports & role_data.WEB_PORTS)


def store_used(service: Service) -> str:
    """Return the name of a variable that gives a service the address of a database, "" where none does."""
    named = (entry.name for entry in service.environment if _DATABASE_URL.match(entry.value or ""))
    return next(named, "")


def is_other_store(service: Service) -> bool:
    """Whether the image is a store that no role describes."""
    return service.image is not None and _OTHER_STORES.of_path(service.image.repository.lower()) is True


def is_loop(command: str) -> bool:
    """Whether a shell command repeats something after a pause and starts no store."""
    return bool(re.search(r"\bwhile\s+(true|:|\[|sleep)", command) and re.search(r"\bsleep\b", command)) and not re.search(
        role_data.SERVERS, command
    )


def is_client(command: str) -> bool:
    """Whether a store's image runs a client's program, or a loop, and not the store."""
    uses = is_loop(command) or re.search(role_data.CLIENTS, command)
    return bool(uses) and not re.search(role_data.SERVERS, command)
