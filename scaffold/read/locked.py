"""Lock files: the releases of frameworks that a package manager installs, whatever the manifest beside them allows."""

from __future__ import annotations

import re
from collections.abc import Callable

from scaffold.model.document import Location
from scaffold.model.project import LockedRelease, Manifest
from scaffold.model.regex import regex

_GEM = regex(r"(?m)^ {4}(?P<name>rails) \((?P<version>\d[\d.]*)\)$")
_COMPOSER = regex(
    r"\"name\":\s*\"(?P<name>laravel/framework|symfony/framework-bundle)\",\s*\"version\":\s*\"v?(?P<version>\d[\d.]*)\"",
    words=("laravel/framework", "symfony/framework-bundle"),
)
_TABLE = regex(r"(?mi)^name = \"(?P<name>django)\"\nversion = \"(?P<version>\d[\d.]*)\"")
_LOCKS = {
    "ruby": (("Gemfile.lock", _GEM),),
    "php": (("composer.lock", _COMPOSER),),
    "python": (("poetry.lock", _TABLE), ("uv.lock", _TABLE)),
}


def locked_releases(manifest: Manifest, read: Callable[[str], str | None]) -> tuple[LockedRelease, ...]:
    """Return the frameworks that the lock file beside a manifest holds; `read` gives the text of a path, or None."""
    for name, pattern in _LOCKS.get(manifest.ecosystem, ()):
        path = f"{manifest.folder}/{name}".lstrip("/")
        text = read(path)
        if text is not None:
            return tuple(_release(path, text, match) for match in pattern.finditer(text))
    return ()


def _release(path: str, text: str, match: re.Match[str]) -> LockedRelease:
    return LockedRelease(match["name"].lower(), match["version"], Location.at_offset(path, text, match.start("version")))
