"""Where a value of a template leads: to a service of the stack, as its containers reach it."""

from __future__ import annotations

from collections.abc import Mapping

from scaffold.model.compose import Service, Stack
from scaffold.model.own_machine import THIS_MACHINE
from scaffold.model.project import EnvEntry
from scaffold.model.regex import regex
from scaffold.plan.workloads.hosts import host_and_port, names_host, parse_url

_LOGIN = regex(r"(?P<of>.+_)(?:USERNAME|USER|PASSWORD|PASS|PWD)")


def login_of(name: str, stack: Stack, templates: Mapping[str, EnvEntry]) -> str:
    """Return the store that a user or a password belongs to, by the host that stands beside it; "" for none."""
    match = _LOGIN.fullmatch(name)
    entry = templates.get(f"{match['of']}HOST") if match else None
    address = address_of(entry.name, entry.value, stack, templates) if entry else ""
    service = stack.resolve_host(address) if address else None
    return service.name if service and service.is_datastore else ""


def address_of(name: str, value: str, stack: Stack, templates: Mapping[str, EnvEntry]) -> str:
    """Return the value as a container reaches the service that it names, "" where it names none of the stack.

    The machine of a developer is the store that listens at the port: a container finds none at its own loopback.
    """
    url, pair = parse_url(value), host_and_port(value)
    host = url.host if url else pair[0] if pair else value if names_host(name) else ""
    if not host:
        return ""
    if host not in THIS_MACHINE:
        return value if stack.resolve_host(host) else ""
    port = url.port if url else str(pair[1]) if pair else _port_beside(name, templates)
    stores = (service for service in stack.services if service.is_datastore)
    listening = [service.name for service in stores if port.isdecimal() and int(port) in _ports(service)]
    return value.replace(host, listening[0], 1) if len(listening) == 1 else ""


def _port_beside(name: str, templates: Mapping[str, EnvEntry]) -> str:
    for ending in ("HOSTNAME", "HOST", "SERVER"):
        if name.endswith(ending):
            entry = templates.get(f"{name.removesuffix(ending)}PORT")
            return entry.value if entry else ""
    return ""


def _ports(service: Service) -> set[int]:
    return {*service.listens, *service.expose, *(port.target for port in service.ports if port.target)}
