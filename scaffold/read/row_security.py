"""Policies of PostgreSQL that separate tenants by a setting of the session, and code that takes on another role for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places

_MOST = 500
"""Migrations looked through; a project with more has its policies among the others as well."""
_ENABLES = regex(r"(?i)\b(?:ENABLE|FORCE)\s+ROW\s+LEVEL\s+SECURITY\b")
_POLICY = regex(r"(?i)\bCREATE\s+POLICY\b[\s\S]{0,600}?\bcurrent_setting\s*\(")
_ROLE = regex(r"(?i)\bSET\s+(?:LOCAL\s+|SESSION\s+)?ROLE\b|\bSET\s+SESSION\s+AUTHORIZATION\b")


def row_security(paths: Iterable[str], code: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `row-security` fact for the first policy that reads a setting of the session on tables that enforce policies;
    none where code or SQL takes on another role.
    """
    texts = [(path, glance(path) or "") for path in sorted(paths)[:_MOST]]
    if not any(_ENABLES.search(text) for _, text in texts if "ROW LEVEL" in text or "row level" in text):
        return
    found = next(
        ((path, text, match) for path, text in texts if "current_setting" in text and (match := _POLICY.search(text))), None
    )
    if found is None or any(_ROLE.search(text) for _, text in texts):
        return
    if any(_ROLE.search(glance(path) or "") for path in code):
        return
    path, text, match = found
    yield CodeFact("row-security", "", Places(path, text).at(match.start()))
