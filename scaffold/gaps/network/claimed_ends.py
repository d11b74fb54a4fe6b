"""Pages by which the stack itself ends TLS, or brings along the proxy that does."""

from __future__ import annotations

import posixpath
import re

from scaffold.gaps.network.pages_on_tls import own_pages, tells_of_tls
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.project import Project
from scaffold.model.regex import regex

_CLAIM = regex(
    r"\b(?:tls|ssl|https)(?:/(?:tls|ssl))?[- ](?:termination|offload(?:ing)?)\b"
    r"|\bterminat(?:es|ing) (?:the )?(?:tls|ssl|https)\b",
    re.IGNORECASE,
    words=("tls", "ssl", "https"),
)
_ABOVE = 200
"""Characters before a claim, in its own paragraph, in which stands what it is about."""
_OF_SOMETHING_ELSE = regex(
    r"\b(?:behind|in front|before|external|lb|load[- ]?balanc(?:er|ers)|cdn|hosts?|cloud\w*|[an]lb|elb|ingress|gateway|acme"
    r"|certbot|let'?s ?encrypt|certificates?|certs?|443|8443|caddy|traefik|haproxy|envoy|apache|system|vps|if|when"
    r"|unless|should|must|needs?|configure|set ?up|use|using|put|place|add|enable\w*|your|own|ready|support\w*"
    r"|optional\w*|recommend\w*|consider|can|may|could|will|would|planned|todo|future|not|no|production|prod)\b",
    re.IGNORECASE,
)
"""Words by which a sentence on the end of TLS is about something else than what the stack has today."""
_BEFORE_THE_WORD = "`'\"*_),:-\u2013\u2014( "
"""What stands between the name of a file and what a page says of it."""
_BRINGS = regex(
    r"(?:which |that )?(?:with|includ(?:es|ing)|has|provides|comes|brings|bundles|runs|starts)\b"
    r"(?:(?!\b(?:your|external|behind|optional)\b)[^\n]){0,40}?\b(?:caddy|nginx|traefik|haproxy|reverse[- ]proxy)\b",
    re.IGNORECASE,
)


def claimed_end(project: Project, service: Service) -> Location | None:
    """Return the first sentence of a page by which a proxy of the stack ends TLS; None where a page tells what else does."""
    image = service.image.repository.rpartition("/")[2] if service.image else ""
    names = [name for name in (service.name, image) if name]
    called = re.compile("|".join(rf"(?<![\w-]){re.escape(name)}(?![\w-])" for name in names), re.IGNORECASE)
    found = None
    for page in own_pages(project, on_a_host=True):
        claims = [match for match in _CLAIM.finditer(page.text) if _is_about(page.text, match, called)]
        rest = page.text
        for match in reversed(claims):
            rest = f"{rest[: match.start()]}{rest[match.end() :]}"
        if tells_of_tls(rest):
            return None
        found = found or next((Location.at_offset(page.path, page.text, match.start()) for match in claims), None)
    return found


def _is_about(text: str, claim: re.Match[str], called: re.Pattern[str]) -> bool:
    """Whether the line of a claim, or what stands above it in its paragraph, is about what is called so."""
    start = max(text.rfind("\n\n", 0, claim.start()) + 1, claim.start() - _ABOVE)
    end = text.find("\n", claim.end())
    words = text[start : end if end >= 0 else len(text)]
    return not _OF_SOMETHING_ELSE.search(words) and called.search(words) is not None


def claimed_proxy(project: Project, stack: Stack) -> Location | None:
    """Return the first line of a page by which a file of the stack brings a proxy along."""
    names = [posixpath.basename(path) for path in stack.files]
    named = re.compile("|".join(rf"(?<![\w.-]){re.escape(name)}(?![\w-])" for name in names))
    for page in own_pages(project, on_a_host=True):
        for match in named.finditer(page.text):
            end = page.text.find("\n", match.end())
            said = page.text[match.end() : end if end >= 0 else len(page.text)].lstrip(_BEFORE_THE_WORD)
            if _BRINGS.match(said):
                return Location.at_offset(page.path, page.text, match.start())
    return None
