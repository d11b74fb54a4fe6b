"""YAML as a stream of events: syntax errors, repeated keys and the line of a key, without building what aliases multiply."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import yaml

from scaffold.model.frozen import frozen

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Route = tuple[str | int, ...]

_COMPLEX_KEY = ""
"""Stands for a key that is a collection or an alias, while its value is awaited."""
_ROUTE_STEPS = 16
"""How deep routes keep their line; Compose and workflow files seldom pass 12."""


@frozen
class Flaw:
    """A place where a text is not YAML that every reader takes alike; `line` is 1-based."""

    line: int
    message: str


@dataclass(slots=True)
class _Level:
    """A collection that is open while its events pass."""

    route: Route
    mapping: bool
    keys: set[str] = field(default_factory=set)
    key: str | None = None
    count: int = 0

    def step(self) -> str | int:
        """The key or the index of the node that comes next."""
        return (self.key or "") if self.mapping else self.count


@frozen
class Outline:
    """What the events of a text tell: its flaws, the keys of its first document, the line of every route."""

    flaws: tuple[Flaw, ...]
    keys: frozenset[str]
    lines: dict[Route, int] = field(repr=False, default_factory=dict)
    aliases: int = 0

    def line(self, route: Sequence[str | int]) -> int:
        """Return the line of the longest part of `route` that the text has, 1 when it has none."""
        for length in range(len(route), 0, -1):
            if tuple(route[:length]) in self.lines:
                return self.lines[tuple(route[:length])]
        return 1


class _Reader:
    def __init__(self) -> None:
        self.levels: list[_Level] = []
        self.flaws: list[Flaw] = []
        self.lines: dict[Route, int] = {}
        self.keys: set[str] = set()
        self.documents = 0
        self.aliases = 0

    def feed(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            self.levels = []
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.levels.pop()
            self.done()
        elif isinstance(event, yaml.AliasEvent):
            self.aliases += 1
            self.node(event)
            self.done()
        elif isinstance(event, yaml.ScalarEvent):
            if not self.take_key(event):
                self.node(event)
                self.done()
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            route = self.node(event)
            self.levels.append(_Level(route, isinstance(event, yaml.MappingStartEvent)))

    def take_key(self, event: yaml.ScalarEvent) -> bool:
        """Keep a scalar that is the key of a mapping's entry; False for every other scalar."""
        level = self.levels[-1] if self.levels else None
        if level is None or not level.mapping or level.key is not None:
            return False
        line = _line(event)
        level.key = event.value
        if event.value in level.keys and event.value != "<<":
            self.flaws.append(Flaw(line, f"the key {event.value[:80]!r} stands twice in one mapping"))
        level.keys.add(event.value)
        if len(self.levels) == 1 and self.documents == 1:
            self.keys.add(event.value)
        self.keep_line((*level.route, event.value), line)
        return True

    def node(self, event: yaml.NodeEvent) -> Route:
        if not self.levels:
            return ()
        level = self.levels[-1]
        route = (*level.route, level.step())
        self.keep_line(route, _line(event))
        return route

    def keep_line(self, route: Route, line: int) -> None:
        if self.documents == 1 and len(route) <= _ROUTE_STEPS:
            self.lines.setdefault(route, line)

    def done(self) -> None:
        if self.levels:
            level = self.levels[-1]
            level.count += 1
            level.key = _COMPLEX_KEY if level.mapping and level.key is None else None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _events(text: str) -> Iterator[yaml.Event]:
    loader = _LOADER(text)
    try:
        while loader.check_event():
            yield loader.get_event()  # type: ignore[no-untyped-call]
    finally:
        loader.dispose()


def outline(text: str) -> Outline:
    """Return the outline of a text; a syntax error is its last flaw, and what stood before it is kept."""
    reader = _Reader()
    try:
        for event in _events(text.removeprefix("\ufeff")):
            reader.feed(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(filter(None, (error.context, error.problem)))
        reader.flaws.append(Flaw(mark.line + 1 if mark else 1, f"not valid YAML: {said}"))
    except yaml.reader.ReaderError as error:
        reader.flaws.append(Flaw(text.count("\n", 0, max(0, error.position)) + 1, f"not valid YAML: {error.reason}"))
    except (yaml.YAMLError, UnicodeError):
        reader.flaws.append(Flaw(1, "not valid YAML: characters that are not text"))
    return Outline(tuple(reader.flaws), frozenset(reader.keys), reader.lines, reader.aliases)
