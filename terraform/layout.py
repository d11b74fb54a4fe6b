"""Lay the synthesised stack out as files: one a concern, blocks in the order in which they were built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from terraform.hcl import Attribute, Block, write_file
from terraform.resource import Placed
from terraform.schema.check import Argument, resource_type
from terraform.values import Synthesised

HEADER = "Written by scaffold; `scaffold generate` keeps what you change here."
_FIRST = ("count",)
_LAST = ("lifecycle", "depends_on")
_LIFECYCLE = {"lifecycle": Argument("lifecycle", shape="single", is_block=True)}
_VALIDATION = {"validation": Argument("validation", shape="list", is_block=True)}
_BARE = frozenset({"type"})
"""Arguments of a variable that hold code in plain text."""


def files(document: Mapping[str, Any], placed: tuple[Placed, ...], comments: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the text of each file; `comments` holds by address what stands at the top of a block."""
    grouped: dict[str, list[Block]] = {"versions.tf": [_versions(document["terraform"])], "backend.tf": [_backend(document)]}
    local_values: dict[str, Synthesised] = {}
    for item in placed:
        if item.kind == "locals":
            local_values[item.name] = document["locals"][item.name]
        else:
            grouped.setdefault(item.file, []).append(_block(document, item, comments.get(item.address, ())))
    if local_values:
        grouped["locals.tf"] = [Block("locals", body=tuple(Attribute(*pair) for pair in local_values.items()))]
    return {name: write_file(blocks, HEADER) for name, blocks in grouped.items()}


def _block(document: Mapping[str, Any], item: Placed, comments: tuple[str, ...]) -> Block:
    if item.kind == "provider":
        return Block("provider", ("aws",), _provider_body(document["provider"]["aws"][0]))
    if item.kind == "variable":
        return Block("variable", (item.name,), tuple(_variable_body(document["variable"][item.name])))
    if item.kind == "output":
        return Block("output", (item.name,), tuple(_body(_ordered(document["output"][item.name], ("description",)), {})))
    values = document[item.kind][item.type][item.name]
    found = resource_type(item.kind, item.type)
    level = {**(found.arguments if found else {}), **_LIFECYCLE}
    kind = tuple(_body(_ordered(values), level))
    return Block(item.kind, (item.type, item.name), kind, comments)


def _ordered(values: Mapping[str, Any], first: tuple[str, ...] = _FIRST) -> dict[str, Any]:
    """Return the arguments with Terraform's own ones at their usual places, without cdktn's notes."""
    rest = [name for name in values if name not in first and name not in _LAST and name != "//"]
    names = [*(name for name in first if name in values), *rest, *(name for name in _LAST if name in values)]
    return {name: values[name] for name in names}


def _body(values: Mapping[str, Any], level: Mapping[str, Argument]) -> Iterator[Attribute | Block]:
    for name, value in values.items():
        argument = level.get(name)
        if argument is None or not argument.is_block:
            yield Attribute(name, value, json_text=argument is not None and argument.type == "string")
            continue
        for one in value if isinstance(value, list) else (value,):
            yield Block(name, body=tuple(_body(one, argument.level)))


def _variable_body(values: Mapping[str, Any]) -> Iterator[Attribute | Block]:
    ordered = _ordered(values, ("description", "type", "nullable", "sensitive", "default"))
    for item in _body(ordered, _VALIDATION):
        bare = isinstance(item, Attribute) and item.name in _BARE
        yield Attribute(item.name, f"${{{item.value}}}") if bare and isinstance(item, Attribute) else item


def _provider_body(values: Mapping[str, Any]) -> tuple[Attribute | Block, ...]:
    tags = {"tags": values["default_tags"]["tags"]}
    return (Attribute("region", values["region"]), Block("default_tags", body=tuple(_body(tags, {}))))


def _versions(settings: Mapping[str, Any]) -> Block:
    providers = tuple(Attribute(name, value) for name, value in settings["required_providers"].items())
    required = Attribute("required_version", settings["required_version"])
    return Block("terraform", body=(required, Block("required_providers", body=providers)))


def _backend(document: Mapping[str, Any]) -> Block:
    settings = document["terraform"]["backend"]["s3"]
    body = tuple(Attribute(name, value) for name, value in settings.items())
    return Block("terraform", body=(Block("backend", ("s3",), body),))
