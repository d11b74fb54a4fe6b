"""The variables that the code requires and that only a developer's or a mounted `.env` sets: no pod would start."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace

from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import VariableReference
from scaffold.model.environment import NeededVariable
from scaffold.model.image_code import given_names, reads_in_image, runs_code
from scaffold.model.project import EnvEntry, EnvRead, Project
from scaffold.model.regex import regex
from scaffold.model.secrets import is_sensitive_name, url_password
from scaffold.plan.workloads.hosts import host_and_port, names_host, parse_url

_MODES = frozenset({"NODE_ENV", "RAILS_ENV", "RACK_ENV", "FLASK_ENV"})
"""Variables of frameworks whose word for production is `production`."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "0.0.0.0", "[::1]"})  # noqa: S104 - an address to look for
_NUMBER_OR_SWITCH = regex(r"\d{1,9}|true|false|True|False|yes|no|on|off")


def needed_variables(project: Project, stack: Stack) -> tuple[NeededVariable, ...]:
    """Return what each service of the stack that the project builds needs beside its environment, by service and name."""
    templates = _templates(project, stack)
    built = [service for service in stack.services if service.build and service.delivers_image and runs_code(project, service)]
    found: list[NeededVariable] = []
    for service in built:
        given = given_names(project, stack, service)
        for name, reads in sorted(reads_in_image(project, service).items()):
            if name not in given and all(read.required for read in reads):
                need = _need(service, stack, name, reads, templates)
                found += [need] if need else []
    return tuple(sorted(found, key=lambda need: (need.service, need.name)))


def with_needed(stack: Stack, needs: tuple[NeededVariable, ...]) -> Stack:
    """Return the stack as production runs it: each variable that is known to be needed stands in the environment."""
    by_service: dict[str, list[EnvValue]] = defaultdict(list)
    for need in needs:
        if need.kind != "unknown":
            by_service[need.service].append(_entry(need))
    services = [
        replace(service, environment=tuple(sorted((*service.environment, *added), key=lambda entry: entry.name)))
        if (added := by_service.get(service.name))
        else service
        for service in stack.services
    ]
    return replace(stack, services=tuple(services)) if by_service else stack


def _entry(need: NeededVariable) -> EnvValue:
    if need.kind == "fixed" or (need.value and need.kind == "asked"):
        return EnvValue(need.name, need.value, need.value, (), "environment", need.location)
    operator = ":-" if need.kind == "default" else "-" if need.may_be_empty else ":?"
    reference = VariableReference(need.name, operator, need.value)
    return EnvValue(need.name, need.value, need.text, (reference,), "environment", need.location)


# --- what the files set and read --------------------------------------------------------------------------------------


def _templates(project: Project, stack: Stack) -> dict[str, EnvEntry]:
    """Return the entries that the templates of developers set, those nearest to the project directory first."""
    files = [item for item in project.env_files if item.kind == "template" and item.path not in project.owned]
    files.sort(key=lambda item: (posixpath.dirname(item.path) != stack.directory, bool(item.environment), item.path))
    found: dict[str, EnvEntry] = {}
    for file in files:
        for entry in file.entries:
            if not entry.commented:
                found.setdefault(entry.name, entry)
    return found


# --- what to do about one ---------------------------------------------------------------------------------------------


def _need(
    service: Service, stack: Stack, name: str, reads: list[EnvRead], templates: Mapping[str, EnvEntry]
) -> NeededVariable | None:
    failing = next((read for read in reads if read.fails), None)
    entry = templates.get(name)
    where = (failing or reads[0]).location
    if failing and name in _MODES:
        return NeededVariable(service.name, name, "fixed", where, "production")
    if failing is None or entry is None:
        return NeededVariable(service.name, name, "unknown", where) if failing or entry else None
    value = entry.value
    address = _address(name, value, stack, templates)
    has_login = bool(url_password(value))
    if is_sensitive_name(name) or has_login:
        kept = address if has_login else ""
        login = _login_of(name, stack, templates)
        return NeededVariable(service.name, name, "asked", where, kept, secret=True, may_be_empty=not value, login=login)
    if address:
        return NeededVariable(service.name, name, "fixed", where, address)
    if _NUMBER_OR_SWITCH.fullmatch(value):
        return NeededVariable(service.name, name, "default", where, value)
    return NeededVariable(service.name, name, "asked", where, may_be_empty=not value, login=_login_of(name, stack, templates))


_LOGIN = regex(r"(?P<of>.+_)(?:USERNAME|USER|PASSWORD|PASS|PWD)")


def _login_of(name: str, stack: Stack, templates: Mapping[str, EnvEntry]) -> str:
    """Return the store that a user or a password belongs to, by the host that stands beside it; "" for none."""
    match = _LOGIN.fullmatch(name)
    entry = templates.get(f"{match['of']}HOST") if match else None
    address = _address(entry.name, entry.value, stack, templates) if entry else ""
    service = stack.resolve_host(address) if address else None
    return service.name if service and service.is_datastore else ""


def _address(name: str, value: str, stack: Stack, templates: Mapping[str, EnvEntry]) -> str:
    """Return the value as a container reaches the service that it names, "" where it names none of the stack.

    The machine of a developer is the store that listens at the port: a container finds none at its own loopback.
    """
    url, pair = parse_url(value), host_and_port(value)
    host = url.host if url else pair[0] if pair else value if names_host(name) else ""
    if not host:
        return ""
    if host not in _LOOPBACK:
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
