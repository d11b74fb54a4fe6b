"""Which hosts and paths a router of Traefik leads to a service, by the labels of that service.

Source: Traefik's documentation, Routing & Load Balancing, "HTTP routers" (rules and priorities) and "Docker".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from scaffold.model.compose import Service
from scaffold.model.document import Location, Mapping, Node, find, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.regex import regex

_TOKEN = regex(r"\s*(?P<token>&&|\|\||[!(),]|[A-Za-z]+|`[^`]*`|\"[^\"]*\")\s*")
_NAME = regex(r"traefik\.http\.(?P<kind>routers|services|middlewares)\.(?P<name>[^.]+)\.(?P<rest>.+)")
_PATHS = frozenset({"path", "pathprefix"})
_MOST_ALTERNATIVES = 64
_MOST_TOKENS = 200
"""A rule that has or multiplies out to more is not one that people wrote for themselves."""


@frozen
class RuleMatch:
    """One alternative of a rule: any of the hosts (none: every host) with any of the paths (none: every path)."""

    hosts: tuple[str, ...] = ()
    paths: tuple[RulePath, ...] = ()


@frozen
class RulePath:
    """A path of a rule; `exact` where nothing below it belongs to it."""

    path: str
    exact: bool = False


@frozen
class LabelRouter:
    """A router as the labels say it, variables and all: `port` is None where the proxy takes the one that the image exposes."""

    name: str
    rule: str
    middlewares: tuple[str, ...]
    entry_points: tuple[str, ...]
    port: int | None
    location: Location


class _UnsupportedError(Exception):
    """A rule that asks for more than host and path."""


def label_routers(service: Service) -> tuple[LabelRouter, ...]:
    """Return the HTTP routers that the labels of a service set up, by name; none where they switch Traefik off."""
    said: dict[tuple[str, str], dict[str, tuple[str, Location]]] = {}
    for name, value, place in _labels(service):
        if name == "traefik.enable" and value.lower() == "false":
            return ()
        match = _NAME.fullmatch(name)
        if match is not None:
            said.setdefault((match["kind"], match["name"]), {})[match["rest"]] = (value, place)
    ports = {name: _port(keys) for (kind, name), keys in said.items() if kind == "services"}
    return tuple(
        LabelRouter(name, keys["rule"][0], _words(keys, "middlewares"), _words(keys, "entrypoints"), port, keys["rule"][1])
        for (kind, name), keys in sorted(said.items())
        if kind == "routers" and "rule" in keys
        for port in (_port_of(keys, ports),)
    )


def middleware_kinds(services: Iterable[Service]) -> dict[str, frozenset[str]]:
    """Return the kinds (`basicauth`, `stripprefix`) of each middleware that labels define; a chain has those of its parts."""
    kinds: dict[str, set[str]] = {}
    chains: dict[str, tuple[str, ...]] = {}
    for service in services:
        for name, value, _ in _labels(service):
            match = _NAME.fullmatch(name)
            if match is None or match["kind"] != "middlewares":
                continue
            kind, _, option = match["rest"].partition(".")
            kinds.setdefault(match["name"], set()).add(kind)
            if kind == "chain" and option == "middlewares":
                chains[match["name"]] = tuple(bare_name(word) for word in value.split(","))
    for name, parts in chains.items():
        kinds[name] |= {kind for part in parts for kind in kinds.get(part, ())}
    return {name: frozenset(found) for name, found in kinds.items()}


def bare_name(word: str) -> str:
    """Return the name of a middleware without its provider: `login@docker` is `login`."""
    return word.strip().lower().partition("@")[0]


def read_rule(text: str) -> tuple[RuleMatch, ...] | None:
    """Return the alternatives of a rule, None for one that is malformed or asks for more than hosts and paths.

    A path that a rule leaves out (`!PathPrefix`) is no condition of its own: the router that takes it has the longer path.
    """
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or len(tokens) == _MOST_TOKENS:
            return None
        tokens.append(match["token"])
        position = match.end()
    try:
        found, rest = _either(tuple(tokens))
    except _UnsupportedError:
        return None
    return None if rest else found


def _either(tokens: tuple[str, ...]) -> tuple[tuple[RuleMatch, ...], tuple[str, ...]]:
    found, tokens = _both(tokens)
    while tokens[:1] == ("||",):
        more, tokens = _both(tokens[1:])
        found = (*found, *more)
    return found, tokens


def _both(tokens: tuple[str, ...]) -> tuple[tuple[RuleMatch, ...], tuple[str, ...]]:
    found, tokens = _term(tokens)
    while tokens[:1] == ("&&",):
        more, tokens = _term(tokens[1:])
        if len(found) * len(more) > _MOST_ALTERNATIVES:
            raise _UnsupportedError
        found = tuple(_joined(left, right) for left, right in product(found, more))
    return found, tokens


def _term(tokens: tuple[str, ...]) -> tuple[tuple[RuleMatch, ...], tuple[str, ...]]:
    if tokens[:1] == ("!",):
        refused, rest = _term(tokens[1:])
        if any(match.hosts for match in refused):
            raise _UnsupportedError
        return (RuleMatch(),), rest
    if tokens[:1] == ("(",):
        found, rest = _either(tokens[1:])
        if rest[:1] != (")",):
            raise _UnsupportedError
        return found, rest[1:]
    return _matcher(tokens)


def _matcher(tokens: tuple[str, ...]) -> tuple[tuple[RuleMatch, ...], tuple[str, ...]]:
    end = tokens.index(")") if ")" in tokens else 0
    kind = tokens[0].lower() if end > 1 and tokens[1] == "(" else ""
    values = tuple(word[1:-1] for word in tokens[2:end] if word.startswith(("`", '"')))
    if kind == "host" and all(values):
        return (RuleMatch(hosts=values),), tokens[end + 1 :]
    if kind in _PATHS and all(value.startswith("/") for value in values):
        return (RuleMatch(paths=tuple(RulePath(value, kind == "path") for value in values)),), tokens[end + 1 :]
    raise _UnsupportedError


def _joined(left: RuleMatch, right: RuleMatch) -> RuleMatch:
    if (left.hosts and right.hosts) or (left.paths and right.paths):
        raise _UnsupportedError
    return RuleMatch(left.hosts or right.hosts, left.paths or right.paths)


def _labels(service: Service) -> Iterator[tuple[str, str, Location]]:
    yield from ((name.lower(), value, service.location) for name, value in service.file_labels)
    for node in (find(service.node, "deploy", "labels"), service.node.get("labels")):
        yield from ((name.lower(), value, place) for name, value, place in _raw_pairs(node))


def _raw_pairs(node: Node | None) -> Iterator[tuple[str, str, Location]]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            for scalar in scalars_of(entry.value):
                yield entry.key.raw or entry.key.value, scalar.raw or scalar.value, scalar.location
        return
    for scalar in scalars_of(node):
        name, _, value = (scalar.raw or scalar.value).partition("=")
        yield name, value, scalar.location


def _words(keys: dict[str, tuple[str, Location]], name: str) -> tuple[str, ...]:
    return tuple(word for word in map(bare_name, keys.get(name, ("", None))[0].split(",")) if word)


def _port(keys: dict[str, tuple[str, Location]]) -> int | None:
    text = keys.get("loadbalancer.server.port", ("", None))[0].strip()
    return int(text) if text.isdecimal() and 0 < int(text) < 65536 else None


def _port_of(keys: dict[str, tuple[str, Location]], ports: dict[str, int | None]) -> int | None:
    """Return the port of the service that a router names, or of the only one that the labels have."""
    named = keys.get("service", ("", None))[0].strip().lower()
    if named:
        return ports.get(bare_name(named))
    return next(iter(ports.values())) if len(ports) == 1 else None
