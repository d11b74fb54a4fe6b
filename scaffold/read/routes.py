"""The whole path of each route: its own, after the prefixes of the routers above it, file by file."""

from __future__ import annotations

from collections.abc import Iterable

from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact, SettingDefault
from scaffold.read.code import RoutePart, Routing
from scaffold.read.reach import ModuleGraph

UNKNOWN = "*"
"""Stands at the beginning of a path of which only the end is known."""
_MOST_PLACES = 8
"""A router may be included several times; more places than this are not told apart."""

_Router = tuple[str, str]
"""The file and the name of a router."""


@frozen
class _Tree:
    """Which router hangs below which, with the prefix in between, and each router's own prefix."""

    above: dict[_Router, list[tuple[_Router, str]]]
    own: dict[_Router, str]

    def prefixes(self, router: _Router, seen: frozenset[_Router] = frozenset()) -> tuple[str, ...]:
        """Return everything that may stand before the routes of a router."""
        own = self.own.get(router, "")
        found: list[str] = []
        for parent, prefix in self.above.get(router, ()):
            if parent not in seen and parent != router:
                found += [f"{before}{prefix}{own}" for before in self.prefixes(parent, seen | {router})]
        return tuple(dict.fromkeys(found))[:_MOST_PLACES] or (own,)


def route_facts(routings: Iterable[Routing], graph: ModuleGraph, settings: tuple[SettingDefault, ...]) -> list[CodeFact]:
    """Return each route as a fact with its whole path; what no file tells is written `*`."""
    listed = [(routing, dict(routing.aliases)) for routing in routings]
    above: dict[_Router, list[tuple[_Router, str]]] = {}
    own: dict[_Router, str] = {}
    for routing, aliases in listed:
        for name, part in routing.routers:
            own[(routing.path, name)] = _text(part, settings)
        for item in routing.inclusions:
            child, parent = _find(item.child, routing.path, aliases, graph), _find(item.parent, routing.path, aliases, graph)
            above.setdefault(child, []).append((parent, _text(item.prefix, settings)))
    tree = _Tree(above, own)
    found = []
    for routing, aliases in listed:
        for route in routing.routes:
            router = _find(route.router, routing.path, aliases, graph)
            for prefix in tree.prefixes(router):
                found.append(CodeFact(route.kind, _path(prefix + _text(route.part, settings)), route.location))
    return found


def _text(part: RoutePart, settings: tuple[SettingDefault, ...]) -> str:
    """Return the text of a piece; a setting counts when the code gives it one default, `prefix_name` for `name` too."""
    if not part.setting:
        return part.text
    wanted = part.setting.lower()
    exact = {item.value for item in settings if item.name.lower() == wanted and item.value is not None}
    ending = {item.value for item in settings if item.name.lower().endswith(f"_{wanted}") and item.value is not None}
    values = exact or ending
    return values.pop() if len(values) == 1 else UNKNOWN


def _path(text: str) -> str:
    known = text.rpartition(UNKNOWN)[2] if UNKNOWN in text else text
    whole = known if known.startswith("/") else f"/{known}"
    return f"{UNKNOWN}{whole}" if UNKNOWN in text else whole


def _find(name: str, path: str, aliases: dict[str, str], graph: ModuleGraph) -> _Router:
    """Return the file and name of a router as one file calls it."""
    head, _, rest = name.partition(".")
    target = aliases.get(head)
    if target is None and not rest:
        return path, name
    whole = ".".join(filter(None, (target or head, rest)))
    module, _, router = whole.rpartition(".")
    file = graph.find(module, path.rpartition("/")[0]) if module else None
    return (file, router) if file is not None else (path, name)
