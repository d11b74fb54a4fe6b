"""Caddies that the repository gives no name to get a certificate for: every site of theirs is a bare port or plain HTTP."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CONFIG = "/etc/caddy/Caddyfile"
"""What Caddy's images start with."""
_PLACEHOLDER = regex(r"\{\$(?P<name>[A-Za-z_]\w*)(?::(?P<default>[^{}]*))?\}")
_PLAIN = regex(r"(?:(?:0\.0\.0\.0|\*)?:(?!443$|8443$)\d+|http://[^\s/]*)")
"""Addresses for which Caddy gets no certificate: a port without a name, and the scheme without TLS."""
_TLS = regex(r"(?m)^[ \t]*(?:tls|import)\b")
"""A site with a certificate of its own, and sites that stand in files which are not read."""
_COMMENT = regex(r"(?:^|\s)#.*")


@frozen
class PlainSites:
    """The first site of a Caddyfile that serves plain HTTP alone, and the variable by which its address is given."""

    location: Location
    variable: EnvValue | None
    name: str = ""
    """The name of that variable, also where only the Caddyfile has a value for it."""


def plain_sites(project: Project, service: Service) -> PlainSites | None:
    """Return the first site where a service runs Caddy with a Caddyfile of the repository that has no site with TLS."""
    mount = next((item for item in service.mounts if item.target in {_CONFIG, posixpath.dirname(_CONFIG)}), None)
    if mount is None or not mount.resolved or service.command or service.entrypoint or not _is_caddy(service):
        return None
    path = mount.resolved if mount.target == _CONFIG else posixpath.join(mount.resolved, posixpath.basename(_CONFIG))
    text = project.source(path) or ""
    sites = [] if _TLS.search(text) else list(_sites(text))
    first: PlainSites | None = None
    for number, address in sites:
        given = _PLACEHOLDER.search(address)
        name = given["name"] if given else ""
        value = _value(service, address)
        if value is None or not _PLAIN.fullmatch(value):
            return None
        if first is None or (name and not first.name):
            first = PlainSites(Location(path, number), service.env(name) if name else None, name)
    return first


def _is_caddy(service: Service) -> bool:
    return bool(service.image and service.image.repository in {"caddy", "library/caddy"})


def _sites(text: str) -> Iterator[tuple[int, str]]:
    """Yield each address of a site with its line; braces of a placeholder open no block."""
    depth = 0
    for number, line in enumerate(text.split("\n"), 1):
        words = _COMMENT.sub("", line).strip()
        if depth == 0 and words not in {"", "{"} and not words.startswith("("):
            yield from ((number, address) for address in words.removesuffix("{").replace(",", " ").split())
        depth += words.endswith("{")
        depth -= words == "}"


def _value(service: Service, address: str) -> str | None:
    """Return an address with the values that the service gives its placeholders, None where one has none."""
    text = address
    for match in _PLACEHOLDER.finditer(address):
        entry = service.env(match["name"])
        value = (entry.value if entry else None) or match["default"]
        if not value:
            return None
        text = text.replace(match[0], value)
    return text
