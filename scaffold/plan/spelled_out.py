"""Passwords that a compose file spells out while an overlay of ours asks for them: until an edit, both have to be the same."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.compose import Stack
from scaffold.model.document import Location
from scaffold.model.environment import SpelledOut
from scaffold.model.gap import Gap
from scaffold.model.monitoring import Variable
from scaffold.model.names import Role
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.plan.workloads.scope import flagged_passwords

_TAKEN_OUT = frozenset({"SEC001", "SEC002", "SEC007"})
"""The rules whose edits put a variable in the place of a credential."""
_OF_REDIS = "REDIS_PASSWORD"


def spelled_out(
    stack: Stack, overlays: tuple[tuple[str, tuple[Variable, ...]], ...], gaps: tuple[Gap, ...]
) -> tuple[SpelledOut, ...]:
    """Return each variable that an overlay asks for and the base has as a text, with the rule whose edit takes it out."""
    found: dict[str, SpelledOut] = {}
    for overlay, variables in overlays:
        for variable in variables:
            for place in _places(stack, variable.name):
                found.setdefault(variable.name, SpelledOut(variable.name, place, overlay, _rule(gaps, place)))
    return tuple(found[name] for name in sorted(found))


def _places(stack: Stack, name: str) -> Iterator[Location]:
    for service in stack.services:
        entry = service.env(name)
        if entry and entry.value and entry.source == "environment" and not entry.references and may_be_sensitive_name(name):
            yield entry.location
        flagged = [word for _, word in flagged_passwords(service.command or ()) if not word.startswith("$")]
        if name == _OF_REDIS and service.role is Role.REDIS and flagged and service.command_location:
            yield service.command_location


def _rule(gaps: tuple[Gap, ...], place: Location) -> str:
    """Return the code of the gap at a place, "" where none is there."""
    at = [gap for gap in gaps if gap.code in _TAKEN_OUT and (gap.primary.path, gap.primary.line) == (place.path, place.line)]
    return at[0].code if at else ""
