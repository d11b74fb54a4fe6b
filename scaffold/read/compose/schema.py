"""Whether a merged model keeps to the Compose specification's schema: unknown keys and wrong kinds, each with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import field
from functools import lru_cache
from typing import Any

from scaffold.model.document import Mapping, Node, Problem, Scalar, Sequence
from scaffold.model.frozen import changing, frozen
from scaffold.read.compose.nodes import effective_entries
from scaffold.read.yaml import is_merge_key, resolve
from scaffold.resources import package_file

Schema = dict[str, Any]
_ONLY_TYPE = frozenset({"type", "description", "deprecated"})
_WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}


@frozen
class _Issue:
    """One thing that the schema forbids; the deeper of two is the one that says what is wrong."""

    depth: int
    node: Node
    message: str


@frozen
class _Shape:
    """The keys of a mapping, those of referenced and combined schemas included."""

    properties: dict[str, Schema]
    patterns: tuple[tuple[re.Pattern[str], Schema], ...]
    other: Any
    required: tuple[str, ...]


@frozen
class _Demand:
    """What one schema asks of a node, worked out once: `kinds` is empty for any."""

    schema: Schema
    kinds: tuple[str, ...]
    only_kinds: bool
    choices: tuple[list[Schema], ...]
    items: Any


@changing
class _Checker:
    """Checks nodes against one schema; its demands and shapes are worked out once."""

    definitions: dict[str, Schema]
    shapes: dict[int, _Shape] = field(default_factory=dict)
    demands: dict[int, _Demand] = field(default_factory=dict)

    def follow(self, schema: Schema) -> Schema:
        """Return the schema that a `$ref` names."""
        while "$ref" in schema:
            schema = self.definitions[schema["$ref"].rpartition("/")[2]]
        return schema

    def kinds(self, schema: Schema) -> tuple[str, ...]:
        """Return the kinds of value that a schema allows, none for any."""
        kinds = schema.get("type", ())
        if not kinds and "allOf" in schema:
            return self.kinds(self.follow(schema["allOf"][0]))
        return (kinds,) if isinstance(kinds, str) else tuple(kinds)

    def demand(self, schema: Schema) -> _Demand:
        """Return what a schema asks."""
        known = self.demands.get(id(schema))
        if known is None:
            target = self.follow(schema)
            choices = tuple(target[choice] for choice in ("oneOf", "anyOf") if choice in target)
            kinds = self.kinds(target)
            known = _Demand(target, kinds, bool(kinds) and target.keys() <= _ONLY_TYPE, choices, target.get("items", True))
            self.demands[id(schema)] = known
        return known

    def shape(self, schema: Schema) -> _Shape:
        """Return the keys that a schema knows."""
        known = self.shapes.get(id(schema))
        if known is None:
            known = self.shapes[id(schema)] = self.combined(schema)
        return known

    def combined(self, schema: Schema) -> _Shape:
        """Join the keys of a schema with those of its `allOf` parts."""
        parts = [self.shape(self.follow(part)) for part in schema.get("allOf", ())]
        properties = {key: value for part in parts for key, value in part.properties.items()}
        patterns = [pattern for part in parts for pattern in part.patterns]
        properties.update(schema.get("properties", {}))
        patterns += [(re.compile(pattern), value) for pattern, value in schema.get("patternProperties", {}).items()]
        other = schema.get("additionalProperties", schema.get("unevaluatedProperties", True))
        return _Shape(properties, tuple(patterns), other, tuple(schema.get("required", ())))

    def check(self, node: Node, schema: Any, path: tuple[str, ...], found: list[_Issue]) -> None:
        """Add what is wrong with a node to `found`."""
        if schema is False:
            found.append(_Issue(len(path), node, f"{'.'.join(path)} is not allowed here"))
        if not isinstance(schema, dict):
            return
        demand = self.demand(schema)
        for choices in demand.choices:
            self.choose(node, choices, path, found)
        if isinstance(node, Scalar):
            if not (demand.only_kinds and _kind(node) in demand.kinds):  # nearly all of a model is right by its kind
                found.extend(_check_scalar(node, demand.schema, demand.kinds, path))
        elif not _is_kind(demand.kinds, "array" if isinstance(node, Sequence) else "object"):
            found.append(_wrong_kind(node, demand.kinds, path))
        elif isinstance(node, Sequence):
            for index, item in enumerate(node.items):
                self.check(item, demand.items, (*path, str(index)), found)
        else:
            self.check_mapping(node, self.shape(demand.schema), path, found)

    def choose(self, node: Node, choices: list[Schema], path: tuple[str, ...], found: list[_Issue]) -> None:
        """Add nothing when one choice fits, else the deepest issue of all: that of the form which was meant."""
        every: list[_Issue] = []
        for choice in choices:
            issues: list[_Issue] = []
            self.check(node, choice, path, issues)
            if not issues:
                return
            every.extend(issues)
        deepest = max(every, key=lambda issue: issue.depth)
        if deepest.depth == len(path) and "must be" in deepest.message:
            kinds = dict.fromkeys(kind for choice in choices for kind in self.demand(choice).kinds)
            deepest = _wrong_kind(node, tuple(kinds), path)
        found.append(deepest)

    def check_mapping(self, node: Mapping, shape: _Shape, path: tuple[str, ...], found: list[_Issue]) -> None:
        """Add unknown and missing keys, and what is wrong with the values of known ones."""
        for entry in effective_entries(node):
            key = entry.key.value
            schema = shape.properties.get(key)
            if schema is None:
                schema = next((value for pattern, value in shape.patterns if pattern.search(key)), None)
            if key == "<<" and is_merge_key(entry.key):
                continue  # one that could not be resolved has its own problem
            if schema is not None:
                self.check(entry.value, schema, (*path, key), found)
            elif shape.other is False:
                found.append(_Issue(len(path) + 1, entry.key, f"{'.'.join((*path, key))} is not a key that Compose knows"))
            else:
                self.check(entry.value, shape.other, (*path, key), found)
        if not shape.required:
            return
        present = {entry.key.value for entry in node.entries}
        for key in shape.required:
            if key not in present:
                found.append(_Issue(len(path), node, f"{'.'.join(path)} lacks the key {key}"))


def _is_kind(kinds: tuple[str, ...], kind: str) -> bool:
    return not kinds or kind in kinds or (kind == "integer" and "number" in kinds)


def _wrong_kind(node: Node, kinds: tuple[str, ...], path: tuple[str, ...]) -> _Issue:
    words = [_WORDS[kind] for kind in kinds]
    listed = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
    return _Issue(len(path), node, f"{'.'.join(path) or 'the file'} must be {listed}")


def _kind(node: Scalar) -> str:
    return _KINDS[resolve(node).__class__]


def _check_scalar(node: Scalar, schema: Schema, kinds: tuple[str, ...], path: tuple[str, ...]) -> Iterator[_Issue]:
    if node.references or (node.raw and node.value != node.raw):
        return  # what a variable will hold is not known
    value = resolve(node)
    kind = _KINDS[value.__class__]
    if isinstance(value, float) and value.is_integer() and "integer" in kinds:
        kind = "integer"
    if not _is_kind(kinds, kind):
        yield _wrong_kind(node, kinds, path)
    elif "enum" in schema and value not in schema["enum"]:
        yield _Issue(len(path), node, f"{'.'.join(path)} must be one of {', '.join(map(str, schema['enum']))}")
    elif isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield _Issue(len(path), node, f"{'.'.join(path)} is out of its range")


@lru_cache(maxsize=1)
def specification() -> Schema:
    """Return the schema of the Compose specification."""
    text = package_file("read", "compose", "compose-spec.json").read_text(encoding="utf-8")
    schema: Schema = json.loads(text)
    return schema


def schema_problems(root: Mapping) -> tuple[Problem, ...]:
    """Return a problem for each place where a model leaves the schema."""
    schema = specification()
    checker = _Checker(schema["$defs"])
    found: list[_Issue] = []
    checker.check(root, schema, (), found)
    return tuple(Problem(issue.node.location, issue.message) for issue in found)
