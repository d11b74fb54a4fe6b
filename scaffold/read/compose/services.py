"""The facts of one service out of its merged mapping, each with the place that it was written at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from scaffold.model.compose import (
    Build,
    Dependency,
    EnvValue,
    Healthcheck,
    Hook,
    Mount,
    Network,
    Port,
    Service,
    Volume,
)
from scaffold.model.document import Entry, Location, Mapping, Node, Problem, Scalar, Sequence, find, scalars_of, text_of
from scaffold.model.frozen import frozen
from scaffold.model.interpolation import references
from scaffold.model.values import ImageReference
from scaffold.model.words import split_words
from scaffold.read.compose.dotenv import parse_env
from scaffold.read.compose.hooks import inheriting_hooks
from scaffold.read.compose.nodes import effective_entries
from scaffold.read.compose.paths import is_remote_context
from scaffold.read.compose.reader import TextReader, join
from scaffold.read.compose.short import written_address
from scaffold.read.compose.values import text_of_value
from scaffold.read.yaml import is_null, resolve


@frozen
class Surroundings:
    """What a service's facts depend on besides its mapping."""

    reader: TextReader
    directory: str
    variables: dict[str, str]
    problems: list[Problem]


def extract_service(entry: Entry, around: Surroundings) -> Service:
    """Return the service of one entry of `services`."""
    node = entry.value if isinstance(entry.value, Mapping) else Mapping((), entry.key.location, entry.key.span)
    get = {part.key.value: part.value for part in node.entries}.get
    image = get("image")
    image_text = text_of(image).strip()
    command, entrypoint = get("command"), get("entrypoint")
    networks = get("networks")
    profiles = get("profiles")
    return Service(
        name=entry.key.value,
        location=entry.key.location,
        node=node,
        image=ImageReference.parse(image_text) if image_text else None,
        image_location=image.location if image is not None and image_text else None,
        image_references=image.references if isinstance(image, Scalar) else (),
        build=_build(get("build"), around.directory),
        command=argv(command),
        command_location=command.location if command is not None and not is_null(command) else None,
        entrypoint=argv(entrypoint),
        environment=_environment(node, around),
        env_files=tuple(_env_files(node, around)),
        file_labels=_file_labels(node, around),
        pre_start=tuple(_hook(hook, around) for hook in inheriting_hooks(node)),
        ports=tuple(_ports(get("ports"))),
        expose=tuple(_numbers(get("expose"))),
        mounts=tuple(_mounts(node, around.directory)),
        depends_on=tuple(_dependencies(node)),
        healthcheck=_healthcheck(get("healthcheck")),
        profiles=_profiles(profiles),
        profiles_location=profiles.location if profiles is not None and not is_null(profiles) else None,
        networks=networks.keys() if isinstance(networks, Mapping) else (),
        network_mode=text_of(get("network_mode")),
        aliases=tuple(dict.fromkeys(_aliases(node))),
        container_name=text_of(get("container_name")),
        restart=_restart(node),
        user=_text(get("user")),
    )


def _text(node: Node | None) -> str:
    return "" if is_null(node) or not isinstance(node, Scalar) else text_of_value(node)


def _profiles(node: Node | None) -> tuple[str, ...]:
    """Return the profiles of a service; none where one is the empty text, which Compose turns on when it is told no other."""
    names = [item.value for item in scalars_of(node) if not is_null(item)]
    return () if "" in names else tuple(names)


def _restart(node: Mapping) -> str:
    restart = node.get("restart")
    value = resolve(restart) if isinstance(restart, Scalar) else None
    return "no" if value is False else _text(restart)


def argv(node: Node | None) -> tuple[str, ...] | None:
    """Return a command's words: a list as it stands, a text split as Compose splits it, None where nothing is said."""
    if node is None or is_null(node):
        return None
    if isinstance(node, Sequence):
        return tuple(text_of_value(item) for item in scalars_of(node))
    return split_words(text_of(node)) if isinstance(node, Scalar) else None


def _aliases(node: Mapping) -> Iterator[str]:
    for key in ("container_name", "hostname"):
        if name := text_of(node.get(key)):
            yield name
    networks = node.get("networks")
    for entry in networks.entries if isinstance(networks, Mapping) else ():
        yield from (item.value for item in scalars_of(find(entry.value, "aliases")) if item.value)


def _build(node: Node | None, directory: str) -> Build | None:
    if not isinstance(node, Mapping):
        return None
    context_node, file_node = node.get("context"), node.get("dockerfile")
    raw_context = text_of(context_node) or "."
    remote = is_remote_context(raw_context)
    raw_file = text_of(file_node) or "Dockerfile"
    inline = not is_null(node.get("dockerfile_inline"))
    context = None if remote else join(directory, raw_context)
    dockerfile = None if inline or context is None else join(context, raw_file)
    location = node.location
    return Build(
        context=context,
        dockerfile=dockerfile,
        raw_context=raw_context,
        raw_dockerfile=text_of(file_node),
        target=text_of(node.get("target")),
        inline=inline,
        remote=remote,
        location=location,
        context_location=context_node.location if context_node is not None else location,
        dockerfile_location=file_node.location if file_node is not None else location,
        args=tuple((name, value or "") for name, value, _, _ in _pairs(node.get("args"))),
        written_args=tuple(
            (name, f"${{{name}}}" if value is None else raw) for name, value, raw, _ in _pairs(node.get("args"))
        ),
    )


# --- environment ------------------------------------------------------------------------------------------------------


def _pairs(node: Node | None) -> Iterator[tuple[str, str | None, str, Scalar]]:
    """Yield name, value, text as written and node of each entry of a mapping or of a list of `K=V`."""
    if isinstance(node, Mapping):
        for entry in effective_entries(node):
            if isinstance(entry.value, Scalar):
                null = is_null(entry.value)
                written = entry.value.raw or entry.value.value
                yield entry.key.value, None if null else text_of_value(entry.value), "" if null else written, entry.value
    for item in scalars_of(node) if isinstance(node, Sequence) else ():
        name, separator, value = item.value.partition("=")
        yield name, value if separator else None, (item.raw or item.value).partition("=")[2], item


def _environment(node: Mapping, around: Surroundings) -> tuple[EnvValue, ...]:
    found: dict[str, EnvValue] = {}
    for value in _file_values(node, around):
        found[value.name] = value
    for name, text, raw, item in _pairs(node.get("environment")):
        given = around.variables.get(name) if text is None else text
        written = raw if text is not None else None
        found[name] = EnvValue(name, given, written, item.references, "environment", item.location)
    return tuple(sorted(found.values(), key=lambda value: value.name))


def _file_values(node: Mapping, around: Surroundings) -> Iterator[EnvValue]:
    """Yield the values of the env files, later files after earlier ones; a missing file is no problem here."""
    own = {name: value for name, value, _, _ in _pairs(node.get("environment")) if value is not None}
    outer = {**own, **around.variables}
    known = dict(own)
    files = node.get("env_file")
    for item in files.items if isinstance(files, Sequence) else ():
        path = join(around.directory, text_of(find(item, "path")))
        text = around.reader.text(path) if path is not None else None
        if path is None or text is None:
            continue
        raw = text_of(find(item, "format")) == "raw"
        lines, problems = parse_env(path, text, outer.get, known=known, raw=raw)
        around.problems.extend(problem for problem in problems if problem not in around.problems)
        for line in lines:
            if line.value is not None:
                known[line.name] = line.value
                yield EnvValue(line.name, line.value, line.raw, () if raw else references(line.raw), path, line.location)


def _env_files(node: Mapping, around: Surroundings) -> Iterator[tuple[str, Location]]:
    """Yield each env file as a path relative to the root, or as written where it is outside."""
    files = node.get("env_file")
    for item in files.items if isinstance(files, Sequence) else ():
        path = find(item, "path")
        if isinstance(path, Scalar) and path.value:
            yield join(around.directory, path.value) or path.value, path.location


def _hook(node: Node, around: Surroundings) -> Hook:
    return Hook(_environment(node, around), _file_labels(node, around)) if isinstance(node, Mapping) else Hook()


def _file_labels(node: Mapping, around: Surroundings) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for item in scalars_of(node.get("label_file")):
        path = join(around.directory, item.value)
        text = around.reader.text(path) if path is not None else None
        if text is not None and path is not None:
            lines, problems = parse_env(path, text, found.get)
            around.problems.extend(problems)
            found.update((line.name, line.value) for line in lines if line.value is not None)
    return tuple(found.items())


# --- ports, mounts ----------------------------------------------------------------------------------------------------


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 7 else None


def _numbers(node: Node | None) -> Iterator[int]:
    for item in scalars_of(node):
        number = _number(text_of_value(item).partition("/")[0])
        if number is not None:
            yield number


def _ports(node: Node | None) -> Iterator[Port]:
    for item in node.items if isinstance(node, Sequence) else ():
        if isinstance(item, Mapping):
            published = text_of(item.get("published"))
            raw = item.get("target")
            number = _number(published.partition("-")[0]) or None
            hidden = (node for node in (raw, item.get("published")) if isinstance(node, Scalar) and node.references)
            yield Port(
                target=_number(text_of(raw)),
                published=number,
                host_ip=text_of(item.get("host_ip")),
                protocol=text_of(item.get("protocol")) or "tcp",
                location=item.location,
                raw=f"{published}:{text_of(raw)}" if published else text_of(raw),
                drawn=number is None and next(hidden, None) is None,
            )
        elif isinstance(item, Scalar):
            text = item.raw or item.value
            yield Port(None, None, written_address(text), "tcp", item.location, text)


def _mounts(node: Mapping, directory: str) -> Iterator[Mount]:
    volumes = node.get("volumes")
    for item in volumes.items if isinstance(volumes, Sequence) else ():
        if not isinstance(item, Mapping):
            continue
        kind = text_of(item.get("type")) or "volume"
        source = text_of(item.get("source"))
        read_only = item.get("read_only")
        yield Mount(
            kind=kind,
            source=source,
            target=text_of(item.get("target")),
            # Of a short form with a variable in it, the word is ours and resolves to text.
            read_only=isinstance(read_only, Scalar) and (resolve(read_only) is True or read_only.value == "true"),
            location=item.location,
            resolved=join(directory, source) if kind == "bind" and source else None,
        )
    for item in scalars_of(node.get("tmpfs")):
        yield Mount("tmpfs", "", item.value.partition(":")[0], read_only=False, location=item.location)


# --- dependencies, health ---------------------------------------------------------------------------------------------


def _dependencies(node: Mapping) -> Iterator[Dependency]:
    depends_on = node.get("depends_on")
    for entry in effective_entries(depends_on) if isinstance(depends_on, Mapping) else ():
        condition, required = find(entry.value, "condition"), find(entry.value, "required")
        short = condition is not None and condition.location == entry.key.location
        yield Dependency(
            service=entry.key.value,
            condition=text_of(condition) or "service_started",
            required=not (isinstance(required, Scalar) and resolve(required) is False),
            location=entry.key.location,
            short_form=short and isinstance(entry.value, Mapping) and entry.value.location == entry.key.location,
        )


def _healthcheck(node: Node | None) -> Healthcheck | None:
    if not isinstance(node, Mapping):
        return None
    test = node.get("test")
    words: tuple[str, ...] = ()
    if isinstance(test, Sequence):
        words = tuple(text_of_value(item) for item in scalars_of(test))
    elif isinstance(test, Scalar) and not is_null(test):
        words = ("CMD-SHELL", test.value)
    disable = node.get("disable")
    disabled = (isinstance(disable, Scalar) and resolve(disable) is True) or words[:1] == ("NONE",)
    timings = ("interval", "timeout", "retries", "start_period", "start_interval")
    interval, timeout, retries, start_period, start_interval = (_text(node.get(key)) for key in timings)
    return Healthcheck(
        test=words,
        disabled=disabled,
        location=node.location,
        test_location=test.location if test is not None else node.location,
        interval=interval,
        timeout=timeout,
        retries=retries,
        start_period=start_period,
        start_interval=start_interval,
    )


# --- top level --------------------------------------------------------------------------------------------------------


def _section(root: Mapping, name: str) -> Iterable[Entry]:
    node = root.get(name)
    return effective_entries(node) if isinstance(node, Mapping) else ()


def _is_true(node: Node | None) -> bool:
    return isinstance(node, Scalar) and (resolve(node) is True or node.value.lower() == "true")


def extract_networks(root: Mapping) -> tuple[Network, ...]:
    """Return the networks that the model declares, by name."""
    found = [
        Network(
            entry.key.value,
            _is_true(find(entry.value, "external")),
            _is_true(find(entry.value, "internal")),
            entry.key.location,
            text_of(find(entry.value, "name")),
        )
        for entry in _section(root, "networks")
    ]
    return tuple(sorted(found, key=lambda network: network.name))


def extract_volumes(root: Mapping) -> tuple[Volume, ...]:
    """Return the named volumes that the model declares, by name."""
    found = [
        Volume(
            entry.key.value,
            _is_true(find(entry.value, "external")),
            entry.key.location,
            has_options=find(entry.value, "driver_opts") is not None or find(entry.value, "driver") is not None,
        )
        for entry in _section(root, "volumes")
    ]
    return tuple(sorted(found, key=lambda volume: volume.name))


def extract_services(root: Mapping, around: Surroundings) -> tuple[Service, ...]:
    """Return the services of the model, by name."""
    found = [extract_service(entry, around) for entry in _section(root, "services")]
    return tuple(sorted(found, key=lambda service: service.name))
