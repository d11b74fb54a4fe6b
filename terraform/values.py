"""What an argument can hold, and how it becomes a string of Terraform's JSON syntax: text is data, expressions are code."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_MARKERS = re.compile(r"[$%](?=[{$%]|\Z)")
_FOREIGN_MARK = "TfToken"
"""cdktn looks for its own markers in every string: the same word in a user's text must not meet it."""


@dataclass(frozen=True, slots=True)
class Expression:
    """Code in Terraform's language, written by this app and never made from the plan's text."""

    code: str


@dataclass(frozen=True, slots=True)
class Template:
    """A string of literal texts and expressions."""

    parts: tuple[str | Expression, ...]


@dataclass(frozen=True, slots=True)
class JsonDocument:
    """A document for an argument that wants JSON text, such as a policy."""

    content: Value


Value = str | bool | int | float | Expression | Template | JsonDocument | Sequence["Value"] | Mapping[str, "Value"] | None
Synthesised = str | bool | int | float | list["Synthesised"] | dict[str, "Synthesised"] | None


def join(*parts: str | Expression) -> Template:
    """Return the template of `parts`."""
    return Template(parts)


def synthesise(value: Value) -> Synthesised:
    """Return `value` as Terraform's JSON syntax has it; a JsonDocument stays a structure, for the HCL writer."""
    match value:
        case Expression():
            return f"${{{value.code}}}"
        case Template():
            return "".join(escape(part) if isinstance(part, str) else f"${{{part.code}}}" for part in value.parts)
        case JsonDocument():
            return synthesise(value.content)
        case str():
            return escape(value)
        case bool() | int() | float() | None:
            return value
        case _:
            return _structure(value)


def _structure(value: Sequence[Value] | Mapping[str, Value]) -> Synthesised:
    if isinstance(value, Mapping):
        return {escape(key): synthesise(item) for key, item in value.items() if item is not None}
    return [synthesise(item) for item in value]


def escape(text: str) -> str:
    """Return `text` as a template without meaning; every doubtful character becomes `${"..."}`, which stays valid anywhere."""
    marked = _MARKERS.sub(lambda match: _constant(match[0]), text)
    return marked.replace(_FOREIGN_MARK, f"{_FOREIGN_MARK[0]}{_constant(_FOREIGN_MARK[1:])}")


def _constant(text: str) -> str:
    return f"${{{json.dumps(text)}}}"
