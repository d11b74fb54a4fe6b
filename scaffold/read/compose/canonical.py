"""Short forms to long ones, on nodes that keep their place, as compose-go does after each file is merged."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from dataclasses import replace

from scaffold.model.document import Entry, Mapping, Node, Problem, Scalar, Sequence
from scaffold.read.compose.merge import DEPENDENCY_DEFAULTS, as_mapping
from scaffold.read.compose.nodes import mapping_like, sequence_like, text_like, with_entries, with_value
from scaffold.read.compose.short import ShortVolume, parse_device, parse_ports, parse_volume
from scaffold.read.compose.values import text_of_value
from scaffold.read.yaml import is_null

Problems = list[Problem]
Form = Callable[[Node, Problems], Node]


def canonical(root: Mapping, problems: Problems) -> Mapping:
    """Return the model with every service and top-level resource in its long form."""
    entries = []
    for entry in root.entries:
        key, value = entry.key.value, entry.value
        if key in {"services", "jobs"} and isinstance(value, Mapping):
            value = _each(value, lambda node: _service(node, problems))
        elif key in {"volumes", "networks", "secrets", "configs"} and isinstance(value, Mapping):
            value = _each(value, _resource)
        entries.append(entry if value is entry.value else Entry(entry.key, value))
    return with_entries(root, entries)


def with_defaults(root: Mapping) -> Mapping:
    """Return the model with the values that Compose adds before it resolves paths: the build context."""
    services = root.get("services")
    if not isinstance(services, Mapping):
        return root
    return with_value(root, "services", _each(services, _with_context))


def _with_context(node: Node) -> Node:
    build = node.get("build") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(build, Mapping) or build.get("context") is not None:
        return node
    return with_value(node, "build", with_value(build, "context", text_like(build, ".")))


def _each(node: Mapping, change: Callable[[Node], Node]) -> Mapping:
    entries = []
    for entry in node.entries:
        value = change(entry.value)
        entries.append(entry if value is entry.value else Entry(entry.key, value))
    return with_entries(node, entries)


def _service(node: Node, problems: Problems) -> Node:
    if not isinstance(node, Mapping):
        return node
    entries = []
    changed = False
    for entry in node.entries:
        form = _FORMS.get(entry.key.value)
        value = form(entry.value, problems) if form else entry.value
        changed = changed or value is not entry.value
        entries.append(entry if value is entry.value else Entry(entry.key, value))
    return with_entries(node, entries) if changed else node


def _resource(node: Node) -> Node:
    """`external: {name: x}` is `external: true` and `name: x`."""
    external = node.get("external") if isinstance(node, Mapping) else None
    if not isinstance(node, Mapping) or not isinstance(external, Mapping):
        return node
    name = external.get("name")
    node = with_value(node, "external", text_like(external, "true", plain=True))
    return with_value(node, "name", name) if name is not None and node.get("name") is None else node


# --- forms ------------------------------------------------------------------------------------------------------------


def _names(node: Node, _problems: Problems) -> Node:
    return as_mapping(node, None) if isinstance(node, Sequence) and _all_scalars(node) else node


def _all_scalars(node: Sequence) -> bool:
    return all(isinstance(item, Scalar) for item in node.items)


def _list(node: Node, _problems: Problems) -> Node:
    return sequence_like(node, (node,)) if isinstance(node, Scalar) and not is_null(node) else node


def _dependencies(node: Node, problems: Problems) -> Node:
    if isinstance(node, Sequence):
        return as_mapping(node, DEPENDENCY_DEFAULTS) if _all_scalars(node) else node
    if not isinstance(node, Mapping):
        return node
    entries = []
    for entry in node.entries:
        value = entry.value
        if isinstance(value, Mapping):
            for key, default in DEPENDENCY_DEFAULTS:
                if value.get(key) is None:
                    value = with_value(value, key, text_like(entry.key, default, plain=True))
        else:
            problems.append(Problem(entry.key.location, f"depends_on.{entry.key.value} must be a mapping"))
        entries.append(entry if value is entry.value else Entry(entry.key, value))
    return with_entries(node, entries)


def _env_files(node: Node, _problems: Problems) -> Node:
    items = node.items if isinstance(node, Sequence) else (() if is_null(node) else (node,))
    return sequence_like(node, (_env_file(item) for item in items))


def _env_file(node: Node) -> Node:
    required = text_like(node, "true", plain=True)
    if isinstance(node, Scalar):
        return mapping_like(node, (("path", node), ("required", required)))
    if isinstance(node, Mapping) and node.get("required") is None:
        return with_value(node, "required", required)
    return node


def _build(node: Node, problems: Problems) -> Node:
    if not isinstance(node, Mapping):
        return node if is_null(node) else mapping_like(node, (("context", node),))
    for key, form in _BUILD_FORMS.items():
        value = node.get(key)
        if value is not None:
            changed = form(value, problems)
            node = node if changed is value else with_value(node, key, changed)
    return node


def _pairs(node: Node, problems: Problems) -> Node:
    if not isinstance(node, Sequence):
        return node
    pairs: list[tuple[str, Node]] = []
    for item in node.items:
        key, separator, value = item.value.partition("=") if isinstance(item, Scalar) else ("", "", "")
        if not separator:
            problems.append(Problem(item.location, "expected key=value"))
            continue
        pairs.append((key, text_like(item, value)))
    return mapping_like(node, pairs)


def _ssh(node: Node, _problems: Problems) -> Node:
    if not isinstance(node, Sequence):
        return node
    pairs = []
    for item in node.items:
        if isinstance(item, Scalar):
            key, separator, value = item.value.partition("=")
            pairs.append((key, text_like(item, value, plain=not separator)))
    return mapping_like(node, pairs)


def _ports(node: Node, problems: Problems) -> Node:
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for item in node.items:
        items.extend(_port_mappings(item, problems) if isinstance(item, Scalar) else (item,))
    return sequence_like(node, items)


def _port_mappings(item: Scalar, problems: Problems) -> Iterable[Node]:
    ports = parse_ports(text_of_value(item))
    if ports is None:
        if item.references:
            return (item,)  # a variable without a value hides the number
        problems.append(Problem(item.location, "not a port that Compose accepts"))
        return (item,)
    mappings = []
    for port in ports:
        pairs: list[tuple[str, Node]] = [("mode", text_like(item, "ingress"))]
        if port.host_ip:
            pairs.append(("host_ip", text_like(item, port.host_ip)))
        pairs.append(("target", text_like(item, str(port.target), plain=True)))
        if port.published:
            pairs.append(("published", text_like(item, port.published)))
        pairs.append(("protocol", text_like(item, port.protocol)))
        mappings.append(mapping_like(item, pairs))
    return mappings


def _volumes(node: Node, problems: Problems) -> Node:
    if not isinstance(node, Sequence):
        return node
    return sequence_like(node, (_volume(item, problems) if isinstance(item, Scalar) else item for item in node.items))


def _volume(item: Scalar, problems: Problems) -> Node:
    volume = parse_volume(item.value)
    hidden = _hidden_volume(item) if volume is None else None
    if volume is None and (hidden is None or ":?" not in item.raw):
        # Of a variable that is asked for by `:?` the reader of variables says so already.
        problems.append(Problem(item.location, "not a volume that Compose accepts"))
    volume = volume or hidden
    if volume is None:
        return item
    true = text_like(item, "true", plain=True)
    pairs: list[tuple[str, Node]] = [("type", text_like(item, volume.kind))]
    if volume.source:
        pairs.append(("source", text_like(item, volume.source)))
    pairs.append(("target", text_like(item, clean_target(volume.target))))
    if volume.read_only:
        pairs.append(("read_only", true))
    bind: list[tuple[str, Node]] = []
    if volume.selinux:
        bind.append(("selinux", text_like(item, volume.selinux)))
    if volume.propagation:
        bind.append(("propagation", text_like(item, volume.propagation)))
    if volume.kind == "bind":
        bind.append(("create_host_path", true))
    if bind:
        pairs.append(("bind", mapping_like(item, bind)))
    if volume.nocopy or (volume.kind == "volume" and len(item.value) > 2):  # compose-go prints none for `/x`
        pairs.append(("volume", mapping_like(item, (("nocopy", true),) if volume.nocopy else ())))
    return mapping_like(item, pairs)


def _hidden_volume(item: Scalar) -> ShortVolume | None:
    """Return the mount whose source is a variable without a value, as `${DATA_DIR:?}:/data`: what people have to set is a
    folder of the host, as a volume's name needs no setting.
    """
    volume = parse_volume(item.raw) if item.references and item.raw else None
    return replace(volume, kind="bind") if volume is not None and volume.source.startswith("$") else None


def clean_target(target: str) -> str:
    """Return a container path as Go's path.Clean gives it."""
    if not target:
        return ""
    clean = posixpath.normpath(target)
    return clean[1:] if clean.startswith("//") else clean


def _devices(node: Node, problems: Problems) -> Node:
    if not isinstance(node, Sequence):
        return node
    items: list[Node] = []
    for item in node.items:
        parsed = parse_device(item.value) if isinstance(item, Scalar) else None
        if isinstance(item, Scalar) and parsed is None:
            problems.append(Problem(item.location, "not a device that Compose accepts"))
        if parsed is None:
            items.append(item)
            continue
        keys = ("source", "target", "permissions")
        items.append(mapping_like(item, ((key, text_like(item, value)) for key, value in zip(keys, parsed, strict=True))))
    return sequence_like(node, items)


def _file_mounts(node: Node, _problems: Problems) -> Node:
    if not isinstance(node, Sequence):
        return node
    items = (mapping_like(item, (("source", item),)) if isinstance(item, Scalar) else item for item in node.items)
    return sequence_like(node, items)


def _gpus(node: Node, _problems: Problems) -> Node:
    if isinstance(node, Scalar) and not is_null(node):
        return sequence_like(node, (mapping_like(node, (("count", text_like(node, "all")),)),))
    return node


def _hooks(node: Node, problems: Problems) -> Node:
    """Init containers have the same forms as the service itself."""
    if not isinstance(node, Sequence):
        return node
    return sequence_like(node, (_service(item, problems) for item in node.items))


def _dns(node: Node, problems: Problems) -> Node:
    """A list in which empty entries do not count."""
    found = _list(node, problems)
    if not isinstance(found, Sequence):
        return found
    kept = [item for item in found.items if not (isinstance(item, Scalar) and item.value == "")]
    return found if len(kept) == len(found.items) else sequence_like(found, kept)


_BUILD_FORMS: dict[str, Form] = {
    "additional_contexts": _pairs,
    "secrets": _file_mounts,
    "ssh": _ssh,
}
_FORMS: dict[str, Form] = {
    "build": _build,
    "configs": _file_mounts,
    "depends_on": _dependencies,
    "devices": _devices,
    "dns": _dns,
    "env_file": _env_files,
    "gpus": _gpus,
    "label_file": _list,
    "models": _names,
    "networks": _names,
    "ports": _ports,
    "pre_start": _hooks,
    "secrets": _file_mounts,
    "volumes": _volumes,
}
