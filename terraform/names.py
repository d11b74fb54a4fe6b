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

_RESERVED_ROLES = frozenset(
    {
        "admin", "all", "analyse", "analyze", "and", "any", "array", "as", "authorization", "binary", "both", "case",
        "cast", "check", "collate", "column", "constraint", "create", "current_role", "current_user", "default",
        "deferrable", "desc", "distinct", "do", "else", "end", "except", "false", "fetch", "for", "foreign", "from",
        "grant", "group", "having", "in", "initially", "intersect", "into", "leading", "limit", "localtime", "new",
        "none", "not", "null", "off", "offset", "old", "on", "only", "or", "order", "placing", "postgres", "primary",
        "public", "rdsadmin", "rds_superuser", "references", "root", "select", "session_user", "some", "symmetric",
        "table", "then", "to", "trailing", "true", "union", "unique", "user", "using", "variadic", "when", "where",
        "window", "with",
    }
)  # fmt: skip
"""Role names that PostgreSQL reserves (its key words, table C.1) or that RDS keeps for itself or for the master."""


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


def database_name(text: str) -> str:
    """Return a PostgreSQL database name that RDS creates: a letter first, then letters, digits, underscores, at most 63."""
    cleaned = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_")
    named = cleaned if re.match("[A-Za-z]", cleaned) else f"db_{cleaned}".rstrip("_")
    return named[:63]


def role_name(text: str) -> str:
    """Return a PostgreSQL role for the application: at most 16 characters, no reserved word, not `pg_...`, not the master."""
    cleaned = re.sub(r"\W+", "_", text.lower(), flags=re.ASCII).strip("_")
    unsafe = not re.match("[a-z]", cleaned) or cleaned.startswith(("pg_", "rds")) or cleaned in {*_RESERVED_ROLES, MASTER}
    named = f"app_{cleaned}".rstrip("_") if unsafe else cleaned
    return named if len(named) <= 16 else f"{named[:11].rstrip('_')}_{_digest(text)[:4]}"


MASTER = "appadmin"
"""The master user of every database: letters only, so that Aurora would take it too."""


def secret_name(text: str) -> str:
    """Return the last part of a secret's name: letters, digits and `/_+=.@-`, without the ending that AWS warns about.

    A hyphen and six characters at the end can be taken for the suffix of an ARN (Secrets Manager, CreateSecret).
    """
    cleaned = re.sub(r"[^A-Za-z0-9/_+=.@-]+", "-", text).strip("-/")[:200] or "app"
    return f"{cleaned}-secret" if re.search(r"-\w{6}\Z", cleaned) else cleaned


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
