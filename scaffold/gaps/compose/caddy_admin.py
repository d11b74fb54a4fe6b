"""Checks that ask the admin port of a Caddy whose own configuration turns that port off."""

from __future__ import annotations

import posixpath

from scaffold.gaps.compose.image_content import clean, copies_of
from scaffold.gaps.facts import HealthSource
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CONFIG = "/etc/caddy/Caddyfile"
"""What Caddy's images, and those of FrankenPHP, start with."""
_ADMIN_PORT = regex(r"(?:localhost|127\.0\.0\.1|\[::1\]):2019\b")
_ADMIN_OFF = regex(r"(?m)^[ \t]*admin[ \t]+off[ \t]*(?:#[^\n]*)?$")
_OTHER_PORT = regex(r"\b(?:curl|wget)\b(?![^|&;\n]{0,300}:2019\b)")
_PORT = "2019"


def admin_off(project: Project, service: Service, source: HealthSource) -> Location | None:
    """Return the line that turns off the admin port which the check of a service asks, None where nothing does."""
    if not _ADMIN_PORT.search(source.command) or _OTHER_PORT.search(source.command):
        return None
    path = _caddyfile(project, service)
    text = (project.source(path) or "") if path else ""
    found = _ADMIN_OFF.search(text)
    # A site of its own may serve its metrics at this very port.
    if path is None or found is None or _PORT in text:
        return None
    return Location(path, text.count("\n", 0, found.start()) + 1)


def _caddyfile(project: Project, service: Service) -> str | None:
    """Return the file of the project that the Caddy of a service starts with."""
    told = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    if "--config" in told and _CONFIG not in told:
        return None
    mounted = next((mount for mount in service.mounts if mount.target == _CONFIG), None)
    if mounted is not None:
        return mounted.resolved
    dockerfile, build = project.image_of(service), service.made
    if dockerfile is None or build is None or build.context is None:
        return None
    found = None
    for copy in copies_of(dockerfile, build.target, build.context):
        inside = posixpath.join(copy.destination, posixpath.basename(copy.source))
        if _CONFIG in {copy.destination, inside}:
            found = clean(copy.source)
    return found
