"""The variables that the code requires and that only a developer's or a mounted `.env` sets: no pod would start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from scaffold.model.compose import Service, Stack
from scaffold.model.env_templates import missing_env_files
from scaffold.model.environment import NeededVariable, is_of_the_machine
from scaffold.model.image_code import given_names, reads_in_image, reads_in_mounts
from scaffold.model.project import EnvEntry, EnvRead, Project
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_password
from scaffold.plan.needs.addresses import address_of, login_of

_MODES = frozenset({"NODE_ENV", "RAILS_ENV", "RACK_ENV", "FLASK_ENV"})
"""Variables of frameworks whose word for production is `production`."""
NUMBER_OR_SWITCH = regex(r"\d{1,9}|true|false|True|False|yes|no|on|off")


def required_variables(
    project: Project, stack: Stack, service: Service, templates: Mapping[str, EnvEntry]
) -> Iterator[NeededVariable]:
    """Yield what the code that a service is built of, or mounts, requires beside its environment."""
    given = given_names(project, stack, service)
    # The file that only the host has gives what its template forgot: without it the program would not start today.
    given_there = bool(missing_env_files(project, service))
    for name, reads in {**reads_in_mounts(project, service), **reads_in_image(project, service)}.items():
        if name not in given and not is_of_the_machine(name) and all(read.required for read in reads):
            need = _need(service, stack, name, reads, templates)
            if need is not None and need.kind == "unknown" and given_there and any(read.fails for read in reads):
                need = replace(need, kind="asked", secret=may_be_sensitive_name(name))
            if need is not None:
                yield need


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
    address = address_of(name, value, stack, templates)
    has_login = bool(url_password(value))
    if may_be_sensitive_name(name) or has_login:
        kept = address if has_login else ""
        login = login_of(name, stack, templates)
        return NeededVariable(service.name, name, "asked", where, kept, secret=True, may_be_empty=not value, login=login)
    if address:
        return NeededVariable(service.name, name, "fixed", where, address)
    if NUMBER_OR_SWITCH.fullmatch(value):
        return NeededVariable(service.name, name, "default", where, value)
    return NeededVariable(service.name, name, "asked", where, may_be_empty=not value, login=login_of(name, stack, templates))
