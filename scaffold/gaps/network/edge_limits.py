"""Limits of nginx that count the addresses of an edge before it in place of those of the visitors."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, path_environment
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.model.regex import regex

_ZONE = regex(
    r"^[ \t]*limit_(?:req|conn)_zone[ \t]+[\"']?\$\{?(?:binary_)?remote_addr\}?[\"']?[ \t]",
    re.MULTILINE,
    words=("limit_",),
)
_USED = regex(r"(?m)(?:^|[{;])[ \t]*limit_(?:req[ \t]+zone=|conn[ \t]+\w)", words=("limit_",))
_CERTIFICATE = regex(
    r"^[ \t]*ssl_certificate[ \t]+[^;\n]{0,200}cloudflare", re.IGNORECASE | re.MULTILINE, words=("ssl_certificate",)
)
"""A certificate of Cloudflare's own authority, which no browser believes: only its edge connects."""
_TOLD = regex(
    r"real_ip|cf[-_]connecting|proxy_protocol|^[ \t]*include[ \t][^;\n]{0,200}(?:cloudflare|real)",
    re.IGNORECASE | re.MULTILINE,
    words=("real", "connecting", "proxy_protocol", "cloudflare"),
)
"""What takes the address of the visitor from the edge, or may do so in a file that this one includes."""


@frozen
class EdgeLimit:
    """A limit of nginx by the address that connects: where it is set, and the line that shows what stands before."""

    location: Location
    edge: Location


def limits_behind_cloudflare(project: Project) -> Iterator[EdgeLimit]:
    """Yield the limits by address of the nginx configurations that only Cloudflare's edge can reach as they are meant."""
    configurations = [source for source in project.sources if _is_configuration(source.path)]
    # What one file says at the level of http holds in those that are loaded beside it.
    if any(_TOLD.search(source.text) for source in configurations):
        return
    for source in configurations:
        path, text = source.path, source.text
        if path_environment(path) in TRIED or is_test_path(path):
            continue
        zone, certificate = _ZONE.search(text), _CERTIFICATE.search(text)
        if zone and certificate and _USED.search(text):
            yield EdgeLimit(Location.at_offset(path, text, zone.start()), Location.at_offset(path, text, certificate.start()))


def _is_configuration(path: str) -> bool:
    return path.endswith((".conf", ".template", ".conf.j2"))
