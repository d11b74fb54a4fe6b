"""Every key of the Compose specification's schema changes what is shown, or stands in a table with the reason why not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from scaffold.read.compose import load_stack
from scaffold.read.compose.render import Rendering, to_compose_json
from scaffold.read.compose.schema import specification

Route = tuple[str | int, ...]

UNSEEN = {
    "version": "Compose ignores it and says that it is obsolete",
    "jobs": "docker compose config leaves jobs out of its JSON",
    "models": "docker compose config leaves models out of its JSON; what services take of them is shown",
    "services/a/env_file/0/required": "tells only whether a missing file is refused",
    "services/a/pre_start/0/env_file/0/required": "tells only whether a missing file is refused",
}
"""Route of a key that is not shown, those below it included, and why."""

BASE: dict[str, Any] = {
    "include": [{"path": "x.yaml"}],
    "services": {
        "a": {
            "image": "i",
            "volumes": ["key:/d"],
            **{name: ["key"] for name in ("networks", "secrets", "configs", "models")},
        },
        "x": {"image": "x", "tty": True},
    },
    **{section: {"key": {}} for section in ("networks", "volumes", "secrets", "configs", "models")},
}
WORDS = ("x", "x.yaml", "raw", "5", "5s", "5m", "0", "default")
"""Texts to try where the schema wants text: for each kind of value one that it takes."""


class Neighbours:
    """A reader whose every other file defines something."""

    def __init__(self, text: str) -> None:
        self.main = text

    def text(self, path: str) -> str | None:
        if path == "compose.yaml":
            return self.main
        if path == ".env":
            return None
        return "services: {x: {image: other}, y: {build: '${A}'}}" if path.endswith(".yaml") else f"A='{path}'\n"


@cache
def shown(text: str) -> str:
    stack = load_stack(Neighbours(text), ("compose.yaml",), directory="")
    return json.dumps(to_compose_json(stack.node, stack.services, Rendering("/p", stack.name, ("p",))), sort_keys=True)


def follow(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = specification()["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def forms(schema: Any) -> Iterator[dict[str, Any]]:
    """Every alternative of a schema, with the keys of combined schemas."""
    if not isinstance(schema, dict):
        return
    schema = follow(schema)
    for choice in ("oneOf", "anyOf"):
        for part in schema.get(choice, ()):
            yield from forms(part)
    merged = dict(schema)
    for part in schema.get("allOf", ()):
        for form in forms(part):
            for key in ("properties", "patternProperties"):
                merged[key] = {**form.get(key, {}), **merged.get(key, {})}
            merged["required"] = [*form.get("required", ()), *merged.get("required", ())]
    yield merged


def samples(schema: Any, depth: int = 0) -> Iterator[Any]:
    """Values that a schema allows, enough for one of them to differ from the default."""
    for form in forms(schema):
        kinds = form.get("type", ())
        kinds = (kinds,) if isinstance(kinds, str) else kinds
        yield from form.get("enum", ())
        if "boolean" in kinds:
            yield from (True, False)
        if "integer" in kinds or "number" in kinds:
            yield from (7, 1)
        if "string" in kinds:
            yield from WORDS
        if "array" in kinds and depth < 3:
            yield from ([item] for item in samples(form.get("items", {"type": "string"}), depth + 1))
        if "object" in kinds and depth < 3:
            yield required(form)
            for pattern in form.get("patternProperties", {}).values():
                yield from ({"key": item} for item in samples(pattern, depth + 1))
            if not {"properties", "patternProperties"} & set(form):
                yield {"key": "v"}


def required(form: dict[str, Any]) -> dict[str, Any]:
    properties = form.get("properties", {})
    return {key: next(samples(properties[key]), None) for key in form.get("required", ()) if key in properties}


def routes(schema: Any, route: Route, around: dict[str, Any]) -> Iterator[tuple[Route, dict[str, Any], Any]]:
    """Every key below a schema: its route, a model without it, and its schema."""
    for form in forms(schema):
        if "items" in form:
            yield from routes(form["items"], (*route, 0), around)
        if not {"properties", "patternProperties"} & set(form):
            continue
        outer = placed(around, route, {**required(form), **existing(around, route)})
        for key, below in form.get("properties", {}).items():
            yield (*route, key), outer, below
            yield from routes(below, (*route, key), outer)
        for pattern, below in form.get("patternProperties", {}).items():
            if pattern != "^x-":
                yield from routes(below, (*route, "a" if route == ("services",) else "key"), outer)


def existing(model: Any, route: Route) -> dict[str, Any]:
    for step in route:
        try:
            model = model[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return model if isinstance(model, dict) else {}


def placed(model: Any, route: Route, value: Any) -> Any:
    """The model with a value at a route; what stands in the way is replaced."""
    if not route:
        return value
    step, rest = route[0], route[1:]
    if isinstance(step, int):
        first = model[0] if isinstance(model, list) and model else None
        return [placed(first, rest, value)]
    known = model if isinstance(model, dict) else {}
    return {**known, step: placed(known.get(step), rest, value)}


def unseen() -> set[str]:
    """The routes of the keys that change nothing of what is shown, whatever their value; below one, none is named."""
    seen: set[Route] = set()
    hidden: set[Route] = set()
    for route, around, schema in routes(specification(), (), BASE):
        if any(route[:length] in hidden and "/".join(map(str, route[:length])) in UNSEEN for length in range(len(route))):
            continue
        before = shown(json.dumps(around))
        if any(shown(json.dumps(placed(around, route, value))) != before for value in samples(schema)):
            seen.update(route[:length] for length in range(1, len(route) + 1))
        else:
            hidden.add(route)
    return {"/".join(map(str, route)) for route in hidden - seen}


def test_every_key_of_the_specification_is_read_or_listed() -> None:
    assert unseen() == set(UNSEEN)
