"""What a model names and does not define: the test of whether a file can stand alone."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.document import Location, Mapping, Node, Scalar, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.read.compose.nodes import effective_entries
from scaffold.read.yaml import is_null


@frozen
class Undefined:
    """One thing that is missing: kind is source, service, network, volume, secret, config or model."""

    kind: str
    name: str
    service: str
    location: Location


def undefined_things(root: Mapping) -> tuple[Undefined, ...]:
    """Return everything for which Compose would refuse the model, in the order of the services."""
    services = root.get("services")
    if not isinstance(services, Mapping):
        return ()
    known = {
        section: frozenset(node.keys()) if isinstance(node := root.get(section), Mapping) else frozenset()
        for section in ("services", "networks", "volumes", "secrets", "configs", "models")
    }
    found: list[Undefined] = []
    for entry in effective_entries(services):
        if isinstance(entry.value, Mapping):
            found.extend(_of_service(entry.key.value, entry.value, entry.key.location, known))
        else:
            found.append(Undefined("source", entry.key.value, entry.key.value, entry.key.location))
    return tuple(found)


def _of_service(name: str, node: Mapping, place: Location, known: dict[str, frozenset[str]]) -> Iterator[Undefined]:
    fields = {entry.key.value: entry.value for entry in node.entries}
    if all(is_null(fields.get(key)) for key in ("image", "build", "provider")):
        yield Undefined("source", name, name, place)
    for kind, section, used, location in _uses(fields):
        if used not in known[section] and not (section == "networks" and used == "default"):
            yield Undefined(kind, used, name, location)


def _uses(fields: dict[str, Node]) -> Iterator[tuple[str, str, str, Location]]:
    for section, kind in (("depends_on", "service"), ("networks", "network"), ("models", "model")):
        value = fields.get(section)
        for entry in effective_entries(value) if isinstance(value, Mapping) else ():
            optional = text_of(find(entry.value, "required")).lower() == "false"
            if not optional:
                yield kind, "services" if kind == "service" else section, entry.key.value, entry.key.location
    for item in _items(fields.get("volumes")):
        source = find(item, "source")
        if text_of(find(item, "type")) == "volume" and isinstance(source, Scalar) and source.value:
            yield "volume", "volumes", source.value, item.location
    build_secrets = find(fields.get("build"), "secrets")
    for node, kind, section in (
        (fields.get("secrets"), "secret", "secrets"),
        (build_secrets, "secret", "secrets"),
        (fields.get("configs"), "config", "configs"),
    ):
        yield from ((kind, section, text_of(find(item, "source")), item.location) for item in _items(node))
    for key in ("network_mode", "ipc", "pid"):
        value = fields.get(key)
        if value is not None and text_of(value).startswith("service:"):
            yield "service", "services", text_of(value).removeprefix("service:"), value.location


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.items if isinstance(node, Sequence) else ()
