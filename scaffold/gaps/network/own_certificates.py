"""Edges that sign a certificate of their own as they start, where nothing tells how a trusted one gets there."""

from __future__ import annotations

import re

from scaffold.gaps.network.pages_on_tls import own_pages
from scaffold.model.compose import Service
from scaffold.model.document import Location
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
