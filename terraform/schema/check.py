"""Hold the arguments of a resource against the provider's schema when it is built, not when Terraform runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from terraform.values import Expression, JsonDocument, Template, Value

_DATA = Path(__file__).with_name("aws.json")
META = frozenset({"count", "depends_on", "lifecycle"})
"""Arguments of Terraform itself, which every resource takes."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument: a type such as `set(string)` for attributes, a shape (single, list, set) and a level for blocks."""

    name: str
    type: str = ""
    shape: str = ""
    is_block: bool = False
    required: bool = False
    computed: bool = False
    write_only: bool = False
    level: Mapping[str, Argument] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What one type accepts, and what it only tells."""

    name: str
    arguments: Mapping[str, Argument]
    exports: frozenset[str]

    def knows(self, attribute: str) -> bool:
        """Return whether a reference to `attribute` can be resolved."""
        return attribute in self.arguments or attribute in self.exports


@dataclass(frozen=True, slots=True)
class Problem:
    """One argument that the provider would refuse."""

    path: str
    message: str


@cache
def load() -> Mapping[str, object]:
    """Return the schema file as it is."""
    document: dict[str, object] = json.loads(_DATA.read_text(encoding="utf-8"))
    return document


@cache
def resource_type(kind: str, name: str) -> ResourceType | None:
    """Return what type `name` of `kind` (resource, data, ephemeral) accepts, or None when the slim schema lacks it."""
    kinds = load().get(kind)
    entry = kinds.get(name) if isinstance(kinds, dict) else None
    if entry is None:
        return None
    return ResourceType(name, _level(entry["arguments"]), frozenset(entry.get("exports", ())))


def _level(raw: Mapping[str, Mapping[str, object]]) -> dict[str, Argument]:
    return {name: _argument(name, entry) for name, entry in raw.items()}


def _argument(name: str, raw: Mapping[str, object]) -> Argument:
    nested = raw.get("arguments")
    return Argument(
        name=name,
        type=str(raw.get("type", "")),
        shape=str(raw.get("block") or raw.get("object") or ""),
        is_block="block" in raw,
        required=bool(raw.get("required")),
        computed=bool(raw.get("computed")),
        write_only=bool(raw.get("write_only")),
        level=_level(nested) if isinstance(nested, dict) else {},
    )


def problems(level: Mapping[str, Argument], values: Mapping[str, Value], path: str = "") -> Iterator[Problem]:
    """Yield what the provider would refuse in `values`; None counts as absent."""
    given = {name: value for name, value in values.items() if value is not None}
    for name, value in given.items():
        place = f"{path}.{name}" if path else name
        if name in META and not path:
            continue
        if name not in level:
            yield Problem(place, "unknown argument")
        else:
            yield from _value_problems(level[name], value, place)
    for name, argument in level.items():
        if argument.required and name not in given:
            yield Problem(f"{path}.{name}" if path else name, "required argument is missing")


def _value_problems(argument: Argument, value: Value, path: str) -> Iterator[Problem]:
    if not argument.shape:
        if not _fits(argument.type, value):
            yield Problem(path, f"{argument.type} wanted, {_kind(value)} given")
        return
    if isinstance(value, Expression) and not argument.is_block:
        return
    blocks: Sequence[Value] = (value,) if isinstance(value, Mapping) else value if isinstance(value, (list, tuple)) else ()
    if not blocks or not all(isinstance(block, Mapping) for block in blocks):
        yield Problem(path, f"a block is wanted, {_kind(value)} given")
        return
    if argument.shape == "single" and len(blocks) > 1:
        yield Problem(path, f"one block at most, {len(blocks)} given")
    for index, block in enumerate(blocks):
        if isinstance(block, Mapping):
            yield from problems(argument.level, block, path if argument.shape == "single" else f"{path}[{index}]")


def _fits(wanted: str, value: Value) -> bool:
    if isinstance(value, Expression) or wanted == "any":
        return True
    container, _, inner = wanted.partition("(")
    if container in {"list", "set"}:
        return isinstance(value, (list, tuple)) and all(_fits(inner[:-1], item) for item in value)
    if container == "map":
        return isinstance(value, Mapping) and all(_fits(inner[:-1], item) for item in value.values())
    if wanted == "bool":
        return isinstance(value, bool)
    if wanted == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, (str, Template, JsonDocument))


def _kind(value: Value) -> str:
    names = {bool: "bool", str: "string", Template: "string", JsonDocument: "JSON", int: "number", float: "number"}
    return names.get(type(value), "object" if isinstance(value, Mapping) else "list")
