"""What one file of application code gives, whatever its language."""

from __future__ import annotations

from dataclasses import dataclass

from scaffold.model.document import Location
from scaffold.model.project import CodeFact, EnvRead, SettingDefault
from scaffold.model.secrets import classify


@dataclass(frozen=True, slots=True)
class CodeReading:
    """Defaults of settings, environment variables that are read, and facts, each in the order of lines."""

    settings: tuple[SettingDefault, ...] = ()
    reads: tuple[EnvRead, ...] = ()
    facts: tuple[CodeFact, ...] = ()


def setting(name: str, value: str, kind: str, location: Location, *, guarded: bool) -> SettingDefault:
    """Return a default with the class of its value."""
    return SettingDefault(name, value, classify(value), kind, location, guarded)


def reading(settings: list[SettingDefault], reads: list[EnvRead], facts: list[CodeFact]) -> CodeReading:
    """Return the lists as a value: sorted by place, each item once."""
    return CodeReading(
        tuple(sorted(dict.fromkeys(settings), key=lambda item: (item.location.sort_key(), item.name))),
        tuple(sorted(dict.fromkeys(reads), key=lambda item: (item.location.sort_key(), item.name))),
        tuple(sorted(dict.fromkeys(facts), key=lambda item: (item.location.sort_key(), item.kind, item.detail))),
    )
