"""The entries of an env file with their references filled in, as Compose reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from scaffold.model.interpolation import InterpolationError, references, substitute
from scaffold.model.project import EnvEntry
from scaffold.model.secrets import names_secret

_LONGEST = 4_000
"""Characters of one value: lines that double the one before end here."""


def resolved(entries: Mapping[str, EnvEntry]) -> dict[str, EnvEntry]:
    """Return the entries with the variables of the same file in their values, as Compose reads it: a reference takes what
    stands above it. What is a secret, or set nowhere, stays a reference, and so does a value that grows beyond all use.
    """
    found: dict[str, EnvEntry] = {}
    for name, entry in entries.items():
        found[name] = _with_values(entry, found) if "$" in entry.value and len(entry.value) <= _LONGEST else entry
    return found


def _with_values(entry: EnvEntry, above: Mapping[str, EnvEntry]) -> EnvEntry:
    with_default = {reference.name for reference in references(entry.value) if reference.has_default}

    def value_of(name: str) -> str | None:
        found = above.get(name)
        if found is None:
            return None if name in with_default else f"${{{name}}}"
        return f"${{{name}}}" if names_secret(name, found.value or "unknown") else found.value

    try:
        text = substitute(entry.value, value_of, strict=False)
    except InterpolationError:
        return entry
    return replace(entry, value=text) if len(text) <= _LONGEST else entry
