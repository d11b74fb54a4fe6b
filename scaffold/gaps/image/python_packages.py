"""Which distributions hold a Python package, and which others an install brings along: data with its day."""

from __future__ import annotations

import json
import re
from functools import cache

from scaffold.model.frozen import frozen
from scaffold.resources import package_file

_MANY = 25
"""Distributions of the table that bring another one: from here on, one that is not in the table may bring it as well."""

_KNOWN_EXTRAS = frozenset(
    {
        *(("fastapi", "standard"), ("fastapi", "all"), ("uvicorn", "standard"), ("pydantic", "email")),
        *(("psycopg", "binary"), ("psycopg", "c"), ("sqlalchemy", "asyncio"), ("redis", "hiredis"), ("httpx", "http2")),
    }
)
"""Distributions and extras that bring nothing of the table, or what the table says of the distribution."""


@frozen
class Packages:
    """The table: the distributions that hold a package, what each brings along, and those that bring none of the others."""

    as_of: str
    imports: dict[str, frozenset[str]]
    brings: dict[str, frozenset[str]]
    plain: frozenset[str]

    def with_brought(self, installed: frozenset[str]) -> frozenset[str]:
        """Return distributions with those that they bring along."""
        return installed.union(*(self.brings.get(name, frozenset()) for name in installed))

    def unknown(self, installed: frozenset[str]) -> frozenset[str]:
        """Return the distributions of which the table does not say what they bring along."""
        return installed - self.plain - self.brings.keys()

    def unknown_extras(self, extras: frozenset[tuple[str, str]]) -> frozenset[str]:
        """Return the distributions with an extra of which neither the table nor its name says what it brings along."""
        known = frozenset().union(*self.imports.values())
        return frozenset(name for name, extra in extras if extra not in known and (name, extra) not in _KNOWN_EXTRAS)

    def often_brought(self, package: str) -> bool:
        """Whether so many distributions bring a package that one which is not known may do so."""
        held = self.imports.get(package, frozenset())
        return sum(bool(held & brought) for brought in self.brings.values()) > _MANY


@cache
def packages() -> Packages:
    """Return the table."""
    data = json.loads(package_file("gaps", "image", "python_packages.json").read_text(encoding="utf-8"))
    return Packages(
        as_of=data["as_of"],
        imports={name: frozenset(held.split()) for name, held in data["imports"].items()},
        brings={name: frozenset(brought.split()) for name, brought in data["brings"].items()},
        plain=frozenset(" ".join(data["plain"]).split()),
    )


def distribution(name: str) -> str:
    """Return the name of a distribution as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()
