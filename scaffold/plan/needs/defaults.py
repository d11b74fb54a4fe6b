"""The variables by which code finds a store, where its own default names the service of Compose: AWS has another address."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.environment import NeededVariable
from scaffold.model.image_code import defaults_in_image, given_names, reads_in_image
from scaffold.model.project import Project, SettingDefault
from scaffold.model.regex import regex
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import is_drawn_key, url_host, url_password
from scaffold.plan.workloads.hosts import HOST_ENDINGS, host_and_port, names_host

_BESIDE_A_HOST = regex(r"(?:PORT|USER|USERNAME|LOGIN|PASSWORD|PASS|PASSWD|PWD|AUTH|NAME|DB|DATABASE|DBNAME|DB_NAME)")
"""What follows the prefix of a host in the names of the variables of one connection."""


def default_variables(project: Project, stack: Stack, service: Service, managed: frozenset[str]) -> Iterator[NeededVariable]:
    """Yield the variables of a service that nothing sets and whose default leads to a managed store, and those of its login."""
    if not managed:
        return
    given = given_names(project, stack, service)
    defaults = {item.name: item for item in defaults_in_image(project, service) if item.name not in given}
    reads = {name: found[0].location for name, found in reads_in_image(project, service).items() if name not in given}
    places = reads | {item.name: item.location for item in defaults.values()}
    for item in defaults.values():
        store = _store_of(item, stack)
        if store not in managed:
            continue
        yield _need(service, item.name, item.location, store, item.value or "")
        for name in places:
            if _is_beside(name, item.name):
                value = (defaults[name].value or "") if name in defaults else ""
                yield _need(service, name, places[name], store, value)


def _need(service: Service, name: str, location: Location, store: str, value: str) -> NeededVariable:
    secret = bool(url_password(value)) or may_be_sensitive_name(name) or is_drawn_key(name, value)
    kind = "asked" if secret else "fixed"
    return NeededVariable(service.name, name, kind, location, value, secret=secret, login=store, source="default")


def _store_of(item: SettingDefault, stack: Stack) -> str:
    """Return the service that a default names in host position, "" for none."""
    value = item.value or ""
    pair = host_and_port(value)
    host = url_host(value) or (pair[0] if pair else value if names_host(item.name) else "")
    service = stack.resolve_host(host) if host else None
    return service.name if service else ""


def _is_beside(name: str, host: str) -> bool:
    """Whether a variable belongs to the connection of one that names a host: `DB_USER` to `DB_HOST`."""
    match = re.fullmatch(rf"(.*?)(?:{'|'.join(HOST_ENDINGS)})", host)
    return match is not None and name.startswith(match[1]) and bool(_BESIDE_A_HOST.fullmatch(name[len(match[1]) :]))
