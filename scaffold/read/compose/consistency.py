"""What Compose refuses in a model that reads well: contradictions, cycles, and what enabled services lack."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator

from scaffold.model.compose import Service
from scaffold.model.document import Location, Mapping, Node, Problem, Scalar, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.read.compose.completeness import Undefined, undefined_things
from scaffold.read.compose.forms import ill_formed
from scaffold.read.compose.nodes import effective_entries, mapping_like, with_value
from scaffold.read.compose.reader import TextReader, join
from scaffold.read.compose.render import SERVICE_VALUES, enabled_services
from scaffold.read.compose.values import Value
from scaffold.read.yaml import is_null

_LIMITS = (
    ("cpus", "limits", "cpus"),
    ("mem_limit", "limits", "memory"),
    ("mem_reservation", "reservations", "memory"),
    ("pids_limit", "limits", "pids"),
)
_SOURCES = {"secrets": ("file", "environment"), "configs": ("file", "environment", "content")}
_UNTARGETED = frozenset({"rebuild", "restart"})


@frozen
class _Subject:
    """A service under examination: its mapping with Compose's defaults, and the same as typed values."""

    name: str
    location: Location
    node: Mapping
    values: dict[str, Value]

    def place(self, *route: str | int) -> Location:
        """Where the value at `route` stands, else where the nearest thing above it does."""
        found: Node = self.node
        for index in range(len(route)):
            below = find(self.node, *route[: index + 1])
            if below is None:
                break
            found = below
        return found.location if found.location.path else self.location

    def value(self, *route: str) -> Value:
        """The typed value at `route`, None where there is none."""
        found: Value = self.values
        for key in route:
            found = found.get(key) if isinstance(found, dict) else None
        return found


def inconsistencies(
    root: Mapping, services: tuple[Service, ...], profiles: tuple[str, ...], reader: TextReader, directory: str
) -> tuple[Problem, ...]:
    """Return a problem for everything for which Compose would refuse the model with these profiles, sorted by place.

    `root` is the node of a loaded stack and `services` its services; env files are looked for from `directory`.
    """
    places = {service.name: service.location for service in services}
    everything = enabled_services(root, services, ("*",))
    written = [_subject(name, places[name], node) for name, node in everything.items()]
    nodes = enabled_services(root, services, profiles)
    subjects = {subject.name: subject for subject in written if subject.name in nodes}
    found = [*_undefined(with_value(root, "services", mapping_like(root, nodes.items())), places)]
    # Compose decodes and checks the form of every service, enabled or not.
    found += [problem for subject in written for problem in (*_devices(subject), *_addresses(subject))]
    for subject in subjects.values():
        found += [*_source(subject), *_build(subject, root), *_networking(subject), *_scale(subject)]
        found += [*_limits(subject), *_mounts(subject)]
        found += [*_files(subject, reader, directory), *_details(subject)]
    found += [*ill_formed(root), *_resources(root), *_container_names(subjects), *_cycles(subjects)]
    return tuple(sorted(dict.fromkeys(found), key=lambda problem: (problem.location.sort_key(), problem.message)))


def _subject(name: str, location: Location, node: Mapping) -> _Subject:
    values = SERVICE_VALUES(node)
    return _Subject(name, location, node, values if isinstance(values, dict) else {})


# --- references -------------------------------------------------------------------------------------------------------


def _undefined(root: Mapping, places: dict[str, Location]) -> Iterator[Problem]:
    for item in undefined_things(root):
        yield Problem(places[item.service] if item.kind == "source" else item.location, _sentence(item, places))


def _sentence(item: Undefined, known: Iterable[str]) -> str:
    if item.kind == "source":
        return f"the service {item.service} has neither image nor build"
    if item.kind == "service" and item.name in known:
        return f"the service {item.service} needs {item.name}, which no active profile enables"
    return f"the service {item.service} uses the {item.kind} {item.name}, which is not defined"


def _cycles(subjects: dict[str, _Subject]) -> Iterator[Problem]:
    """One problem for each dependency that closes a cycle; each service is entered once."""
    done: set[str] = set()
    for start, subject in subjects.items():
        trail = {start: iter(_dependencies(subject))} if start not in done else {}
        while trail:
            name, pending = next(reversed(trail.items()))
            target = next(pending, None)
            if target is None:
                done.add(name)
                del trail[name]
            elif target in trail:
                names = (*trail, target)
                circle = " -> ".join(names[names.index(target) :])
                yield Problem(subjects[name].place("depends_on", target), f"dependency cycle: {circle}")
            elif target in subjects and target not in done:
                trail[target] = iter(_dependencies(subjects[target]))


def _dependencies(subject: _Subject) -> tuple[str, ...]:
    found = subject.value("depends_on")
    return tuple(found) if isinstance(found, dict) else ()


def _container_names(subjects: dict[str, _Subject]) -> Iterator[Problem]:
    owners: dict[str, str] = {}
    for subject in subjects.values():
        name = subject.value("container_name")
        if isinstance(name, str) and owners.setdefault(name, subject.name) != subject.name:
            message = f"the container_name {name} is already that of the service {owners[name]}"
            yield Problem(subject.place("container_name"), message)


# --- one service ------------------------------------------------------------------------------------------------------


def _source(subject: _Subject) -> Iterator[Problem]:
    """An image whose variable has no value is none."""
    image = subject.node.get("image")
    if image is not None and not text_of(image) and not is_null(image) and not subject.values.get("build"):
        yield Problem(image.location, f"the service {subject.name} has neither image nor build")


def _build(subject: _Subject, root: Mapping) -> Iterator[Problem]:
    if subject.value("build", "dockerfile_inline") and subject.value("build", "dockerfile"):
        yield Problem(subject.place("build", "dockerfile_inline"), "dockerfile and dockerfile_inline exclude each other")
    platforms, platform = subject.value("build", "platforms"), subject.value("platform")
    if isinstance(platforms, list) and platforms and platform and platform not in platforms:
        yield Problem(subject.place("platform"), f"build.platforms must include the platform of the service, {platform}")
    contexts = subject.value("build", "additional_contexts")
    for name, context in contexts.items() if isinstance(contexts, dict) else ():
        if isinstance(context, str) and context.startswith("service:"):
            target = context.removeprefix("service:")
            if is_null(find(root, "services", target, "build")):
                message = f"additional_contexts.{name} names {target}, which is no service that is built"
                yield Problem(subject.place("build", "additional_contexts", name), message)


def _networking(subject: _Subject) -> Iterator[Problem]:
    if subject.value("network_mode") and subject.value("networks"):
        yield Problem(subject.place("network_mode"), "network_mode and networks exclude each other")


def _scale(subject: _Subject) -> Iterator[Problem]:
    scale, replicas = subject.value("scale"), subject.value("deploy", "replicas")
    if scale is not None and replicas is not None and scale != replicas:
        yield Problem(subject.place("scale"), "scale and deploy.replicas differ")
    for value, route in ((scale, ("scale",)), (replicas, ("deploy", "replicas"))):
        if isinstance(value, int) and value < 0:
            yield Problem(subject.place(*route), f"{'.'.join(route)} must not be below 0")
    count = replicas if scale is None else scale
    if isinstance(count, int) and count > 1 and subject.value("container_name"):
        key = "deploy.replicas" if scale is None else "scale"
        message = f"container_name excludes a {key} above 1: two containers cannot share a name"
        yield Problem(subject.place(*key.split(".")), message)


def _limits(subject: _Subject) -> Iterator[Problem]:
    for key, section, name in _LIMITS:
        own, route = subject.value(key), ("deploy", "resources", section)
        if own and not is_null(find(subject.node, *route)) and _amount(subject.value(*route, name)) != _amount(own):
            yield Problem(subject.place(key), f"{key} and {'.'.join((*route, name))} differ")


def _amount(value: Value) -> float:
    """A number that is printed as a number or as text; 0 where there is none."""
    return float(value) if isinstance(value, (int, float, str)) and value else 0.0


def _mounts(subject: _Subject) -> Iterator[Problem]:
    taken: set[str] = set()
    tmpfs, volumes = subject.value("tmpfs"), subject.value("volumes")
    targets: list[tuple[str, Location]] = []
    for index, text in enumerate(tmpfs if isinstance(tmpfs, list) else ()):
        targets.append((str(text).partition(":")[0], subject.place("tmpfs", index)))
    for index, item in enumerate(volumes if isinstance(volumes, list) else ()):
        if isinstance(item, dict):
            targets.append((str(item.get("target", "")), subject.place("volumes", index)))
    for target, place in targets:
        if target in taken:
            yield Problem(place, f"something else is already mounted at {target}")
        taken.add(target)


def _files(subject: _Subject, reader: TextReader, directory: str) -> Iterator[Problem]:
    """Env files and label files that must exist."""
    env_files, label_files = subject.node.get("env_file"), subject.node.get("label_file")
    for item in env_files.items if isinstance(env_files, Sequence) else ():
        path, required = find(item, "path"), find(item, "required")
        optional = required is not None and text_of(required).lower() == "false"
        if path is not None and not optional and not _exists(text_of(path), reader, directory):
            yield Problem(path.location, f"the env file {text_of(path)} is missing or cannot be read")
    for item in label_files.items if isinstance(label_files, Sequence) else ():
        if not _exists(text_of(item), reader, directory):
            yield Problem(item.location, f"the label file {text_of(item)} is missing or cannot be read")


def _exists(path: str, reader: TextReader, directory: str) -> bool:
    inside = join(directory, path)
    return inside is not None and reader.text(inside) is not None


def _details(subject: _Subject) -> Iterator[Problem]:
    test = subject.value("healthcheck", "test")
    if isinstance(test, list) and test and test[0] not in {"CMD", "CMD-SHELL", "NONE"}:
        yield Problem(subject.place("healthcheck", "test"), "healthcheck.test must start with CMD, CMD-SHELL or NONE")
    watches = subject.value("develop", "watch")
    for index, watch in enumerate(watches if isinstance(watches, list) else ()):
        if isinstance(watch, dict) and not watch.get("target") and watch.get("action") not in _UNTARGETED:
            yield Problem(subject.place("develop", "watch", index), "only the actions rebuild and restart go without a target")


def _devices(subject: _Subject) -> Iterator[Problem]:
    for route in (("gpus",), ("deploy", "resources", "reservations", "devices")):
        devices = find(subject.node, *route)
        for item in devices.items if isinstance(devices, Sequence) else ():
            if find(item, "count") is not None and find(item, "device_ids") is not None:
                yield Problem(item.location, "count and device_ids exclude each other")


def _addresses(subject: _Subject) -> Iterator[Problem]:
    ports = subject.node.get("ports")
    for item in ports.items if isinstance(ports, Sequence) else ():
        host = find(item, "host_ip")
        if isinstance(item, Scalar):
            yield Problem(item.location, f"{item.raw or item.value} is no port")
        elif host is not None and not _is_address(text_of(host)):
            yield Problem(host.location, f"{text_of(host)} is no IP address")
    for route in (("extra_hosts",), ("build", "extra_hosts")):
        hosts = subject.value(*route)
        for entry in hosts if isinstance(hosts, list) else ():
            if not str(entry).partition("=")[0]:
                yield Problem(subject.place(*route), "extra_hosts holds an entry without a name")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


# --- resources --------------------------------------------------------------------------------------------------------


def _resources(root: Mapping) -> Iterator[Problem]:
    """Secrets and configs that say nothing, or two things, about what they hold."""
    for section, keys in _SOURCES.items():
        node = root.get(section)
        for entry in effective_entries(node) if isinstance(node, Mapping) else ():
            given = [key for key in keys if find(entry.value, key) is not None]
            place = entry.key.location
            if len(given) > 1:
                yield Problem(place, f"{section}.{entry.key.value}: {' and '.join(given)} exclude each other")
            elif not given and not _is_elsewhere(entry.value):
                yield Problem(place, f"{section}.{entry.key.value} needs one of {', '.join(keys)}")


def _is_elsewhere(node: Node) -> bool:
    return find(node, "driver") is not None or find(node, "external") is not None
