"""A merged model in the shape of `docker compose config --format json`, for comparing and for `scaffold inspect`."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from scaffold.model.compose import EnvValue, Service
from scaffold.model.document import Entry, Mapping, Node, Scalar, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.read.compose.canonical import clean_target
from scaffold.read.compose.decode import Decoder, structure
from scaffold.read.compose.hooks import inheriting_hooks
from scaffold.read.compose.nodes import NOWHERE, effective_entries, mapping_like, text_like, with_entries, with_value
from scaffold.read.compose.paths import is_absolute, map_paths
from scaffold.read.compose.shape import CONFIG, CONTAINER_ALWAYS, NETWORK, SECRET, SERVICE, VOLUME
from scaffold.read.compose.values import Value, plain_value
from scaffold.read.yaml import is_null

_SHARED_NAMESPACES = ("network_mode", "ipc", "pid", "uts", "cgroup")
SERVICE_VALUES = structure({key: value for key, value in SERVICE.items() if key != "environment"}, dict(CONTAINER_ALWAYS))
"""Decodes a service's mapping into the values that Compose prints, all but its environment."""


@frozen
class Rendering:
    """What the output depends on besides the model: absolute project directory, project name, profiles, home folder."""

    directory: str
    name: str
    profiles: tuple[str, ...] = ()
    home: str = ""

    def absolute(self, path: str) -> str:
        """Return a path of the host as Compose resolves it."""
        if path.startswith("~") and self.home:
            return posixpath.normpath(f"{self.home}/{path[1:]}")
        if is_absolute(path) and not path.startswith("~"):
            return path
        return posixpath.normpath(posixpath.join(self.directory, path))


def to_compose_json(root: Mapping, services: tuple[Service, ...], rendering: Rendering) -> dict[str, Value]:
    """Return the model as Compose prints it: enabled services, resources that they use, absolute paths, doubled dollars.

    `root` is the node of a loaded stack and `services` its services, from which the environment is taken.
    """
    enabled = [service for service in services if _is_enabled(service, rendering.profiles)]
    services_node = mapping_like(root, enabled_services(root, services, rendering.profiles).items())
    root = map_paths(with_value(root, "services", services_node), rendering.absolute)
    normal = {entry.key.value: entry.value for entry in _entries(root.get("services")) if isinstance(entry.value, Mapping)}
    found: dict[str, Value] = {"name": rendering.name}
    found["services"] = {service.name: _service(normal[service.name], service) for service in enabled}
    used = _used(normal.values())
    for section, decoder in _SECTIONS.items():
        resources = _resources(root.get(section), used[section], decoder, rendering.name)
        if resources:
            found[section] = resources
    for entry in effective_entries(root):
        if entry.key.value.startswith("x-"):
            found[entry.key.value] = plain_value(entry.value)
    return {key: _doubled(value) for key, value in found.items()}


def enabled_services(root: Mapping, services: tuple[Service, ...], profiles: tuple[str, ...]) -> dict[str, Mapping]:
    """Return the mapping of each service that the profiles enable, by name, with the defaults that Compose writes out."""
    nodes = {entry.key.value: entry.value for entry in _entries(root.get("services"))}
    return {service.name: _normalised(nodes.get(service.name)) for service in services if _is_enabled(service, profiles)}


def _is_enabled(service: Service, profiles: tuple[str, ...]) -> bool:
    return not service.profiles or "*" in profiles or bool(set(service.profiles) & set(profiles))


def _doubled(value: Value) -> Value:
    """Double every dollar sign, so that the output is a compose file again."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_doubled(item) for item in value]
    if isinstance(value, dict):
        return {key.replace("$", "$$"): _doubled(item) for key, item in value.items()}
    return value


def _entries(node: Node | None) -> Iterable[Entry]:
    return effective_entries(node) if isinstance(node, Mapping) else ()


# --- services ---------------------------------------------------------------------------------------------------------


def _service(node: Mapping, service: Service) -> Value:
    found = SERVICE_VALUES(node)
    if not isinstance(found, dict):
        return None
    _add_resolved(found, service.environment, service.file_labels)
    hooks = found.get("pre_start")
    for hook, resolved in zip(hooks if isinstance(hooks, list) else (), service.pre_start, strict=False):
        if isinstance(hook, dict):
            _add_resolved(hook, resolved.environment, resolved.file_labels)
    deploy, scale = found.get("deploy"), found.get("scale")
    if isinstance(deploy, dict) and scale is not None:
        deploy["replicas"] = scale
    return found


def _add_resolved(found: dict[str, Value], environment: tuple[EnvValue, ...], labels: tuple[tuple[str, str], ...]) -> None:
    """Add what env files and label files say."""
    if environment:
        found["environment"] = {entry.name: entry.value for entry in environment}
    if labels:
        own = found.get("labels")
        found["labels"] = {**dict(labels), **(own if isinstance(own, dict) else {})}


def _normalised(node: Node | None) -> Mapping:
    """Return a service with the defaults that Compose writes out."""
    if not isinstance(node, Mapping):
        return NOWHERE
    if not is_null(node.get("build")):
        node = with_value(node, "build", _build(node.get("build")))
    if text_of(node.get("pull_policy")) == "if_not_present":
        node = with_value(node, "pull_policy", text_like(node, "missing"))
    node = _with_networks(node)
    node = _with_dependencies(node)
    for key, change in (("ports", _port), ("secrets", _secret), ("volumes", _volume), ("gpus", _device)):
        items = node.get(key)
        if isinstance(items, Sequence):
            node = with_value(node, key, replace(items, items=tuple(change(item) for item in items.items)))
    devices = find(node, "deploy", "resources", "reservations", "devices")
    if isinstance(devices, Sequence):
        node = _replaced(node, ("deploy", "resources", "reservations"), _with_devices)
    return _with_hooks(node)


def _replaced(node: Mapping, route: tuple[str, ...], change: Callable[[Mapping], Mapping]) -> Mapping:
    """Return the mapping with the one at `route` changed."""
    below = node.get(route[0])
    if not isinstance(below, Mapping):
        return node
    return with_value(node, route[0], _replaced(below, route[1:], change) if len(route) > 1 else change(below))


def _with_devices(node: Mapping) -> Mapping:
    devices = node.get("devices")
    if not isinstance(devices, Sequence):
        return node
    return with_value(node, "devices", replace(devices, items=tuple(_device(item) for item in devices.items)))


def _default(node: Node, key: str, value: str) -> Node:
    if not isinstance(node, Mapping) or node.get(key) is not None:
        return node
    return with_value(node, key, text_like(node, value))


def _build(node: Node | None) -> Node | None:
    if not isinstance(node, Mapping):
        return node
    if node.get("dockerfile") is None and node.get("dockerfile_inline") is None:
        node = with_value(node, "dockerfile", text_like(node, "Dockerfile"))
    args = node.get("args")
    if isinstance(args, Mapping):
        kept = with_entries(args, (entry for entry in args.entries if not is_null(entry.value)))
        node = with_value(node, "args", kept)
    if isinstance(args, Sequence):
        kept_items = tuple(item for item in args.items if "=" in text_of(item))
        node = with_value(node, "args", replace(args, items=kept_items))
    return node


def _port(node: Node) -> Node:
    return _default(_default(node, "protocol", "tcp"), "mode", "ingress")


def _secret(node: Node) -> Node:
    return _default(node, "target", f"/run/secrets/{text_of(find(node, 'source'))}")


def _volume(node: Node) -> Node:
    target = find(node, "target")
    if not isinstance(node, Mapping) or not isinstance(target, Scalar):
        return node
    return with_value(node, "target", text_like(target, clean_target(target.value)))


def _device(node: Node) -> Node:
    return node if find(node, "device_ids") is not None else _default(node, "count", "all")


def _with_networks(node: Mapping) -> Mapping:
    """Connect a service that names no network to the default one."""
    if node.get("provider") is not None or node.get("network_mode") is not None:
        return node
    networks = node.get("networks")
    if isinstance(networks, Mapping) and networks.entries:
        return node
    return with_value(node, "networks", mapping_like(node, (("default", text_like(node, "", plain=True)),)))


def _with_dependencies(node: Mapping) -> Mapping:
    """Add the dependencies that links, shared namespaces and volumes imply."""
    depends_on = node.get("depends_on")
    known = depends_on if isinstance(depends_on, Mapping) else mapping_like(node, ())
    for name, restart in _implied(node):
        if known.get(name) is None:
            words = (("condition", "service_started"), ("restart", restart), ("required", "true"))
            pairs = ((key, text_like(node, value, plain=True)) for key, value in words)
            known = with_value(known, name, mapping_like(node, pairs))
    return with_value(node, "depends_on", known) if known.entries else node


def _implied(node: Mapping) -> Iterator[tuple[str, str]]:
    for link in _texts(node.get("links")):
        parts = link.split(":")
        yield (parts[0] if len(parts) == 2 else link), "true"
    for key in _SHARED_NAMESPACES:
        shared = text_of(node.get(key))
        if shared.startswith("service:"):
            yield shared.removeprefix("service:"), "true"
    for source in _texts(node.get("volumes_from")):
        if not source.startswith("container:"):
            yield source.split(":")[0], "false"


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(text_of(item) for item in node.items) if isinstance(node, Sequence) else ()


def _with_hooks(node: Mapping) -> Mapping:
    hooks = node.get("pre_start")
    if not isinstance(hooks, Sequence):
        return node
    return with_value(node, "pre_start", replace(hooks, items=inheriting_hooks(node)))


# --- resources --------------------------------------------------------------------------------------------------------

_SECTIONS: dict[str, Decoder] = {"networks": NETWORK, "volumes": VOLUME, "secrets": SECRET, "configs": CONFIG}


def _used(services: Iterable[Mapping]) -> dict[str, frozenset[str]]:
    """The names of the resources that services use, by section; the default network may be declared nowhere."""
    found: dict[str, set[str]] = {section: set() for section in _SECTIONS}
    for node in services:
        found["networks"].update(entry.key.value for entry in _entries(node.get("networks")))
        for section in ("secrets", "configs"):
            found[section].update(_sources(node.get(section)))
        found["secrets"].update(_sources(find(node, "build", "secrets")))
        volumes = node.get("volumes")
        for item in volumes.items if isinstance(volumes, Sequence) else ():
            if text_of(find(item, "type")) == "volume" and text_of(find(item, "source")):
                found["volumes"].add(text_of(find(item, "source")))
    return {section: frozenset(names) for section, names in found.items()}


def _sources(node: Node | None) -> Iterator[str]:
    for item in node.items if isinstance(node, Sequence) else ():
        yield text_of(find(item, "source"))


def _resources(node: Node | None, used: frozenset[str], decoder: Decoder, project: str) -> Value:
    declared = {entry.key.value: entry.value for entry in _entries(node)}
    if "default" in used and decoder is NETWORK:
        declared.setdefault("default", NOWHERE)
    found: dict[str, Value] = {}
    for name in sorted(used & set(declared)):
        value = decoder(declared[name])
        if isinstance(value, dict):
            value.setdefault("name", name if value.get("external") else f"{project}_{name}")
            if value.get("environment"):
                value.pop("content", None)
            found[name] = value
    return found
