"""Forward proxies that relay for everybody: which image or configuration asks for no login."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.network.net001_store_port_on_all_interfaces import open_ports
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.image_code import is_in_image
from scaffold.model.known import is_within, known
from scaffold.model.lasting import words_of
from scaffold.model.project import Project, SourceFile
from scaffold.model.regex import regex

_OPEN_IMAGES: dict[str, tuple[frozenset[int], re.Pattern[str]]] = {
    "tarampampam/3proxy": (frozenset({1080, 3128}), regex(r"^(?!.*\bPROXY_LOGIN=)")),
    "dannydirect/tinyproxy": (frozenset({8888}), regex(r"(?:^|\s)ANY(?:\s|$)")),
    "monokal/tinyproxy": (frozenset({8888}), regex(r"^(?!.*\bBASIC_AUTH_USER=).*(?:^|\s)ANY(?:\s|$)")),
    "serjs/go-socks5-proxy": (frozenset({1080}), regex(r"\bREQUIRE_AUTH=false\b")),
    **dict.fromkeys(
        ("ginuerzh/gost", "gogost/gost"),
        (frozenset[int](), regex(r"-L[= ]?(?:(?:auto|http2?|https|socks[45]?)(?:\+\w+)?://)?:\d+(?:\s|$)")),
    ),
    **dict.fromkeys(
        ("dockage/tor-privoxy", "rdsubhas/tor-privoxy-alpine", "dperson/torproxy"),
        (frozenset({8118, 9050}), regex(r"^")),
    ),
}
"""Images of forward proxies with their ports (none: every port), and what their words and variables say where they ask nobody
(as of 2026-11-26, the README of each image).
"""
_WORDS = ("3proxy", "http_access", "ocksmethod")
_COMMENT = regex(r"(?m)^[ \t]*#[^\n]*$")
_3PROXY = regex(r"(?m)^[ \t]*auth[ \t]+none[ \t]*$")
_3PROXY_SERVES = regex(r"(?m)(?:^|\")[ \t]*(?:proxy|socks)[ \t]+(?!.*-i ?(?:127\.|localhost|::1))")
_SQUID = regex(r"(?m)^[ \t]*http_access[ \t]+allow[ \t]+all\b")
_SQUID_LIMITS = regex(
    r"(?m)\bproxy_auth\b|\baccel\b"
    r"|^[ \t]*http_access[ \t]+deny[ \t]+(?!all\b|!Safe_ports|CONNECT[ \t]+!SSL_ports|manager|to_localhost|to_linklocal)"
)
_DANTE = regex(r"(?m)^[ \t]*(?:socks)?method:[ \t]*none[ \t]*$")
_DANTE_FROM = regex(r"client pass \{[^}]*from:[ \t]*(?:0\.0\.0\.0/0|0/0)")


def open_relay(project: Project, service: Service) -> Location | None:
    """Return the published port, else the line that asks for no login, of what relays for whoever reaches the host."""
    ports = open_ports(project, service)
    in_host = service.network_mode.startswith("host")
    if not ports and not in_host:
        return None
    repository = service.image.repository if service.image else ""
    known = next((item for name, item in _OPEN_IMAGES.items() if repository.endswith(name)), None)
    if known is not None:
        words = " ".join((words_of(service), *(f"{entry.name}={entry.value or ''}" for entry in service.environment)))
        port = next((port.location for port in ports if port.target in known[0] or not known[0]), None)
        return port if port is not None and known[1].search(words) else None
    return next(_open_lines(project, service), None)


def _open_lines(project: Project, service: Service) -> Iterator[Location]:
    for path, text in _texts(project, service):
        if any(word in text for word in _WORDS):
            bare = _COMMENT.sub("", text)
            match = _opened(bare)
            if match is not None:
                yield Location(path, bare.count("\n", 0, match.end()) + 1)


def _opened(text: str) -> re.Match[str] | None:
    """Return where a configuration of 3proxy, Squid or Dante lets everybody relay."""
    if "3proxy" in text and _3PROXY_SERVES.search(text):
        return _3PROXY.search(text)
    squid = _SQUID.search(text) if "http_access" in text else None
    if squid is not None and not _SQUID_LIMITS.search(text[: squid.start()]):
        return squid
    return _DANTE.search(text) if _DANTE_FROM.search(text) else None


def _texts(project: Project, service: Service) -> Iterator[tuple[str, str]]:
    """Yield the files that a service reads through its mounts, and the scripts and configurations of its own image."""
    mounted = {mount.resolved for mount in service.mounts if mount.resolved}
    for item in project.mounted:
        if is_within(item.path, mounted):
            yield item.path, item.data.decode("utf-8", "replace")
    for source in known(_marked, project.sources) if service.made else ():
        if source.path not in mounted and is_in_image(project, service, source.path):
            yield source.path, source.text


def _marked(sources: tuple[SourceFile, ...]) -> tuple[SourceFile, ...]:
    """Return the scripts and configurations that speak of a relay."""
    listed = (source for source in sources if source.path.endswith((".sh", ".conf", ".cfg")))
    return tuple(source for source in listed if any(word in source.text for word in _WORDS))
