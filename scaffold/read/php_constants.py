"""Credentials that a settings file of PHP gives itself by constants."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.project import SettingDefault
from scaffold.model.regex import regex
from scaffold.read.code import setting
from scaffold.read.lines import Places

_FILES = regex(r"(?i)(?:^|/)(?:[\w-]*[_-])?(?:config|configuration|settings|database)\.php$")
_ASIDE = regex(r"(?i)sample|example|optional|legacy|archive|backup|(?:^|[/_.-])(?:dist|tests?|old|demo)[/_.-]")
"""Files that people copy, and those that no program takes."""
_CONSTANT = regex(
    r"(?m)^define\(\s*(?P<quote>['\"])"
    r"(?P<name>(?:DB|DATABASE|MYSQL)_?(?:PASS|PASSWORD|PASSWD|PWD)|(?:JWT|APP|SESSION|ENCRYPTION|SIGNING)_(?:SECRET|KEY))"
    r"(?P=quote)\s*,\s*(?P<mark>['\"])(?P<value>[^'\"$\n]{1,200})(?P=mark)\s*\)",
    words=("define",),
)
"""A constant that no condition stands before, with a text and no read of the environment."""


def constants(path: str, places: Places, bare: str) -> Iterator[SettingDefault]:
    """Yield the constants of a settings file of PHP that hold the login of a database or a key, as assignments."""
    counts = _FILES.search(path) and not _ASIDE.search(path)
    for match in _CONSTANT.finditer(bare) if counts else ():
        yield setting(match["name"], match["value"], "assignment", places.at(match.start("name")), guarded=False)
