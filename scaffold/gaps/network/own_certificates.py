"""Edges with a certificate that nobody trusts: signed as they start, or the one of an image that everybody can pull."""

from __future__ import annotations

import re

from scaffold.gaps.network.pages_on_tls import own_pages
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, scalars_in
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import Start, start_of

_SIGNS = regex(r"\bopenssl\s+req\b[^\n]{0,400}\s-x509\b|\bopenssl\s+req\s+-x509\b", words=("-x509",))
_ASKS = regex(r"(?:if|elif|case)\b")
_IS_THERE = regex(r"\s-[efrs]\s")
_OTHERS = regex(r"certbot|let'?s ?encrypt|\bacme\b|dehydrated|lego\b", re.IGNORECASE)
_TRUSTED = regex(
    r"certbot|let'?s ?encrypt|cloudflare|\bacme\b"
    r"|\b(?:replac\w*|your own|own|trusted|real|valid|ca[- ]signed|proper)\b[^.\n]{0,60}\bcert(?:ificate)?s?\b"
    r"|\bcert(?:ificate)?s?\b[^.\n]{0,60}\b(?:of your own|replac\w*|by a (?:trusted )?ca)\b",
    re.IGNORECASE,
)
"""What a page says of a certificate that browsers trust."""


_SETS_UP = regex(r"/etc(?:/|$)|/usr/local/(?:nginx|apache2)|/data\b|/config\b|cert|ssl|tls|acme|letsencrypt|keys?\b|\.conf\b")
"""Where a container takes a certificate or a configuration from."""
_GETS_ITS_OWN = regex(r"caddy|traefik|swag|letsencrypt|certbot|acme|proxy-manager|nginx-proxy|zoraxy|bunkerweb|pomerium|cosmos")
"""Names of images that get certificates by themselves."""


def brings_its_keys(project: Project, stack: Stack, service: Service) -> bool:
    """Whether a service that others built is given nothing by which it could have a certificate of its own."""
    keys = ("configs", "secrets", "command", "entrypoint", "environment", "env_file", "extends")
    if service.image is None or service.build or project.image_of(service) or any(service.node.get(key) for key in keys):
        return False
    lent = service.node.get("volumes_from")
    names = {item.value.partition(":")[0] for item in scalars_in(lent)} if lent else set()
    mounts = [*service.mounts, *(mount for name in names if (other := stack.service(name)) for mount in other.mounts)]
    return not _GETS_ITS_OWN.search(service.image.name) and not any(_SETS_UP.search(item.target) for item in mounts)


def own_certificate(project: Project, service: Service) -> Location | None:
    """Return the line by which the start of a service signs a certificate when there is none yet; None where a setting
    chooses that, where the start knows another way, or where a page tells of a trusted certificate.
    """
    start = start_of(project, service)
    if start is None or "-x509" not in start.text or _OTHERS.search(start.text):
        return None
    place = next((place for line, place in start.taken() if _SIGNS.search(line)), None)
    if place is None or _is_chosen(start, place) or any(_TRUSTED.search(page.text) for page in own_pages(project)):
        return None
    return place


def _is_chosen(start: Start, place: Location) -> bool:
    """Whether the last condition before a line asks for more than whether a file is there."""
    before = [line for line, other in start.lines if other.path == place.path and other.line < place.line and _ASKS.match(line)]
    return bool(before) and not _IS_THERE.search(before[-1])
