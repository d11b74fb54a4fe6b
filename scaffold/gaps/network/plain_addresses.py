"""Where pages and env templates send people to the application by plain HTTP, and set a proxy up that speaks nothing else."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from scaffold.gaps.facts import path_environment
from scaffold.gaps.network.pages_on_tls import BLOCK, own_pages
from scaffold.model.document import Location
from scaffold.model.names import TRIED
from scaffold.model.project import DocFile, Project
from scaffold.model.regex import regex

_DEPLOYS = regex(r"(?<![a-z])(?:deploy\w*|production|server)(?![a-z])", re.IGNORECASE, words=("deploy", "production", "server"))
"""Names of pages on how the application is brought to where people use it."""
_ASKED = regex(r"\bcurl\b[^\n|;]{0,80}?\bhttp://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)", words=("curl",))
_BY_NUMBER = regex(r"\b(?:http|ws)://(?P<host>\d{1,3}(?:\.\d{1,3}){3})(?![\d.])", words=("://",))
_NO_HOST_OF_THEIRS = regex(
    r"example|your|domain|localhost|ifconfig|ipinfo|icanhazip|checkip|ipecho|ip-api|metadata|(?:^|\.)(?:debian|ubuntu)\.(?:org|com)$"
    r"|\.(?:local|internal|test|invalid|lan|home|svc|ts\.net)$"
)
_LISTENS = regex(r"(?m)^[ \t]*listen[ \t]+(?:\[::\]:|\*:|0\.0\.0\.0:)?80\b[^;\n]*;")
_FORWARDS = regex(r"(?m)^[ \t]*proxy_pass[ \t]+https?://(?:localhost|127\.0\.0\.1|[\w.-]+):\d+")
_NAMES_NEARBY = regex(r"(?m)^[ \t]*server_name[ \t]+(?:localhost|127\.0\.0\.1|[\w-]+\.(?:local|lan|test))[ \t]*;")
_ON_TLS = regex(r"443|\bssl|\btls\b|certbot|let'?s ?encrypt|\bacme\b|cloudflare|https\b(?!:)", re.IGNORECASE)
_STAND_INS = frozenset({"1.2.3.4", "1.1.1.1", "8.8.8.8"})
_MOST = 5


def plain_addresses(project: Project) -> tuple[Location, ...]:
    """Return where people are sent to hosts over plain HTTP of which nothing in the repository says https."""
    pages = tuple(own_pages(project, on_a_host=True))
    found = [*_of_templates(project), *(place for page in pages for place in _of_page(page))]
    texts = [page.text for page in pages] if found else []
    texts += [entry.value for file in project.env_files for entry in file.entries] if found else []
    encrypted = {host for host, _ in found if any(f"https://{host}" in text for text in texts)}
    return tuple(dict.fromkeys(place for host, place in found if host not in encrypted))[:_MOST]


def plain_page_sites(project: Project) -> tuple[Location, ...]:
    """Return where pages have people set up an nginx before the application that takes plain HTTP, and name no TLS at all."""
    found = []
    for page in own_pages(project, on_a_host=True):
        if "proxy_pass" in page.text and not _ON_TLS.search(page.text):
            for block in BLOCK.finditer(page.text):
                body = block["body"]
                listens = _LISTENS.search(body) if _FORWARDS.search(body) and not _NAMES_NEARBY.search(body) else None
                if listens is not None:
                    found.append(Location.at_offset(page.path, page.text, block.start("body") + listens.start()))
    return tuple(found)


def _of_templates(project: Project) -> Iterator[tuple[str, Location]]:
    for file in project.env_files:
        # Only what is written behind its name tells a template for trials: `.env.example` alone is for all.
        if file.path not in project.owned and path_environment(file.environment) not in TRIED:
            for entry in file.entries:
                match = None if entry.commented else _BY_NUMBER.match(entry.value)
                if match and is_public_host(match["host"]):
                    yield match["host"], entry.location


def _of_page(page: DocFile) -> Iterator[tuple[str, Location]]:
    title = page.headings[0].text if page.headings else ""
    if not _DEPLOYS.search(f"{page.path.rpartition('/')[2]} {title}".lower()):
        return
    for match in _ASKED.finditer(page.text):
        if is_public_host(match["host"]):
            yield match["host"], Location.at_offset(page.path, page.text, match.start("host"))


def is_public_host(host: str) -> bool:
    """Whether a host is somebody's on the internet: neither a stand-in of pages nor a name or address of a network inside."""
    if re.fullmatch(r"[\d.]+", host):
        try:
            return ipaddress.ip_address(host).is_global and host not in _STAND_INS
        except ValueError:
            return False
    return not _NO_HOST_OF_THEIRS.search(host)
