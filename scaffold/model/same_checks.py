"""A healthcheck that asks the same URL with a program that the image of the service holds: curl is in few of them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from scaffold.model.compose import Service
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_URL = regex(r"http://(?:localhost|127\.0\.0\.1)(?::\d{1,5})?(?:/[\w./-]*)?")
_FLAG = regex(r"-[a-zA-Z]+-?|--[a-z-]+(?:=\d{1,3})?|/dev/null|\d{1,3}")
"""How curl and wget are told to be quiet, to fail, how long to wait, and to throw the answer away."""
_ENDS = (["||", "exit", "1"], ["||", "false"], ["2>&1"], [">", "/dev/null"], [">/dev/null"])
_HAS_FETCH = regex(r"(?:1[89]|[2-9]\d)(?!\d)")


def same_check(project: Project, service: Service) -> tuple[str, ...] | None:
    """Return a `test:` list that asks what the healthcheck of a built service asks, None where it asks more than one URL, or
    where the image is built on no language that can.
    """
    check, dockerfile = service.healthcheck, project.image_of(service)
    if service.made is None or check is None or dockerfile is None or check.test[:1] not in {("CMD",), ("CMD-SHELL",)}:
        return None
    url = _asked(check.test[1:] if check.test[0] == "CMD" else _split(" ".join(check.test[1:])))
    chain = dockerfile.chain(service.made.target)
    base = ImageReference.parse(chain[-1].base) if chain and "$" not in chain[-1].base else None
    if not url or base is None or base.registry:
        return None
    language = base.repository.removeprefix("library/")
    if language == "python":
        return ("CMD", "python", "-c", f"import urllib.request; urllib.request.urlopen('{url}', timeout=4)")
    if language == "node" and _HAS_FETCH.match(base.tag):
        # Versions before 20 ask the first address of a name alone, which may be the one of IPv6.
        asked = f"fetch('{url.replace('localhost', '127.0.0.1')}')"
        return ("CMD", "node", "-e", f"{asked}.then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))")
    return None


def _asked(words: Sequence[str]) -> str:
    """Return the URL of its own container that a command asks, "" where it does more."""
    rest = list(words)
    for end in _ENDS:
        rest = rest[: -len(end)] if rest[-len(end) :] == end else rest
    urls = [word for word in rest[1:] if _URL.fullmatch(word)]
    others = [word for word in rest[1:] if not _URL.fullmatch(word)]
    known = rest[:1] in (["curl"], ["wget"]) and all(_FLAG.fullmatch(word) for word in others)
    return urls[0] if known and len(urls) == 1 and rest[-1] in urls else ""


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []
