"""Names that AWS and Terraform accept, made from any text: lower case, short, and still telling two services apart."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

PROJECT_LENGTH = 18
ENVIRONMENT_LENGTH = 12
CACHE_LENGTH = 8
"""A cache's replication group takes 40 characters: project, environment and store with two hyphens (API: 1-40)."""
DATABASE_LENGTH = 24
"""A database's identifier takes 63 characters (API: 1-63)."""


def slug(text: str, limit: int, fallback: str = "app") -> str:
    """Return `text` as lower case letters, digits and single hyphens, a letter first; a shortened name ends in a hash."""
    cleaned = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    named = cleaned if re.match("[a-z]", cleaned) else f"{fallback}-{cleaned}".strip("-")
    if len(named) <= limit:
        return named
    return f"{named[: limit - 5].rstrip('-')}-{_digest(text)[:4]}"


def unique_slugs(texts: Iterable[str], limit: int) -> dict[str, str]:
    """Return a slug for each text; two texts with the same slug get a hash each."""
    plain = {text: slug(text, limit) for text in texts}
    taken = list(plain.values())
    return {
        text: name if taken.count(name) == 1 else f"{name[: limit - 5].rstrip('-')}-{_digest(text)[:4]}"
        for text, name in plain.items()
    }


def identifier(name: str) -> str:
    """Return a slug as a Terraform identifier."""
    return name.replace("-", "_")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
