"""The names that several outputs share: what a service is called in Kubernetes, a registry, Terraform, a secret manager."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Container

from scaffold.model.compose import Stack
from scaffold.model.engines import RESERVED_USERS
from scaffold.model.values import dns_label

ROLE_LENGTH = 16
"""The longest user name that RDS takes for every engine (API, CreateDBInstance)."""


def workload_names(stack: Stack) -> dict[str, str]:
    """Return for each service the DNS label (RFC 1123) under which every output knows it.

    Two services whose labels collide (`a_b` and `a-b`) get a hash of their name each, so that neither moves when the
    other goes.
    """
    plain = {service.name: dns_label(service.name) for service in stack.services}
    taken = Counter(plain.values())
    return {name: label if taken[label] == 1 else f"{label[:57]}-{_digest(name, 5)}" for name, label in plain.items()}


def database_name(text: str) -> str:
    """Return a database name that RDS creates: a letter first, then lower-case letters, digits, underscores, at most 63."""
    cleaned = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "app"
    return (cleaned if cleaned[0].isalpha() else f"db_{cleaned}")[:63].rstrip("_")


def database_role(text: str, app: str) -> str:
    """Return the application's PostgreSQL role: the name it has today, else `<app>_app` where that is refused."""
    declared = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    if re.match("[a-z]", declared) and not _is_reserved(declared) and len(declared) <= ROLE_LENGTH:
        return declared
    if len(declared) > ROLE_LENGTH and declared[0].isalpha() and not _is_reserved(declared):
        return f"{declared[: ROLE_LENGTH - 5].rstrip('_')}_{_digest(text, 4)}"
    base = re.sub(r"^[^a-z]+", "", re.sub(r"[^a-z0-9]+", "_", app.lower()))[: ROLE_LENGTH - 4].strip("_")
    return f"{base}_app" if base and not _is_reserved(base) else "app_login"


def _is_reserved(name: str) -> bool:
    return name in RESERVED_USERS or name.startswith(("pg_", "rds"))


def secret_name(text: str, taken: Container[str] = ()) -> str:
    """Return the last part of a secret's name: letters, digits and `/_+=.@-`, none of `taken`.

    A hyphen and six characters at the end can be taken for the suffix of an ARN (Secrets Manager, CreateSecret).
    """
    name = re.sub(r"[^A-Za-z0-9/_+=.@-]+", "-", text).strip("-/")[:200] or "app"
    while name in taken or re.search(r"-\w{6}\Z", name):
        name = f"{name}-login"
    return name


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
