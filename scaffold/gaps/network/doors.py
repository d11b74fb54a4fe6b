"""By which line visitors reach a service, and what keeps strangers away before a program."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Sequence

from scaffold.gaps.network.cloud_firewall import wall_before
from scaffold.gaps.network.fronts import front_of
from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_KEPT_AMONG_FRIENDS = regex(
    r"(?i)tailscale|wireguard|zerotier|\bvpn\b|cloudflare (?:access|zero trust)|authelia|authentik|oauth2-proxy|\bsso\b"
    r"|\bip[ -]?(?:allow|white)[ -]?list|behind (?:a|an|your) auth"
)
"""What keeps strangers away before a program, other than its code."""


def is_among_friends(project: Project) -> bool:
    """Whether a page, a service or a file of a proxy names what lets in only those who are known."""
    return names_a_network(project) or any(is_told_of_friends(page.text) for page in project.docs)


def names_a_network(project: Project) -> bool:
    """Whether a compose file names what lets in only those who are known."""
    return any(is_told_of_friends(project.source(file.path) or "") for file in project.compose_files)


def is_told_of_friends(text: str) -> bool:
    """Whether a text names what lets in only those who are known."""
    return _KEPT_AMONG_FRIENDS.search(text) is not None


def door_of(project: Project, stack: Stack, service: Service) -> Location | None:
    """Return the line by which visitors reach a service: a port on all interfaces, or what forwards to it."""
    ports = (port for port in open_ports(project, service) if port.protocol == "tcp")
    port = next((port for port in ports if wall_before(project, (port,)) is None), None)
    front = front_of(project, stack, service) if port is None else None
    return port.location if port else front.location if front else None


def is_of_program(project: Project, service: Service, folder: str) -> bool:
    """Whether an image that takes the whole repository in is that of the program in a folder: its Dockerfile stands there, or
    names it.
    """
    build = service.made
    if build is None or not folder:
        return True
    if any(place and is_below(place, folder) for place in (build.dockerfile, build.context)):
        return True
    return posixpath.basename(folder) in (project.source(build.dockerfile or "") or "")


def opened_programs(
    project: Project, stack: Stack, facts: Sequence[CodeFact], is_of: Callable[[Project, Service, CodeFact], bool]
) -> Iterator[tuple[Service, CodeFact, Location]]:
    """Yield each service that visitors reach whose image holds one of some facts of code, with that fact and the line by which
    they reach it. `is_of` tells whether a fact is of the program of a service.
    """
    for service in stack.services:
        held = (fact for fact in facts if is_in_image(project, service, fact.location.path))
        fact = next((fact for fact in held if is_of(project, service, fact)), None)
        door = door_of(project, stack, service) if fact is not None and runs_code(project, service) else None
        if fact is not None and door is not None:
            yield service, fact, door
