"""YAML text to document nodes that keep their place, and the scalar rules of go-yaml, which Compose is read with."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import field
from functools import lru_cache
from typing import Any

from scaffold.model.document import Document, Entry, Location, Mapping, Node, Problem, Route, Scalar, Sequence, Span
from scaffold.model.frozen import changing, frozen
from scaffold.model.regex import compiled_at_first_use, regex

with compiled_at_first_use():  # The parser is the one in C: of the patterns of PyYAML, a twentieth of a run, it needs none.
    import yaml

MAX_DEPTH = 200
"""The deepest nesting that is read, aliases followed; Compose files seldom pass 12."""
MAX_EXPANDED_NODES = 400_000
"""How many nodes aliases may add to a document: the count up to which go-yaml lets aliases be nearly everything."""

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_BOM = "\ufeff"
_PROPERTY = regex(r"[&!][^\s,\[\]{}]*|\s+|#[^\n]*")
_BLOCK_STYLES = frozenset({"|", ">"})
_STANDARD_TAG = "tag:yaml.org,2002:"
_LINE_END = regex(r"\r\n|[\r\n\x85\u2028\u2029]")
_TIMESTAMP = regex(r"\d{4}-\d\d?-\d\d?(?:[Tt ].*)?")
_GO_INTEGER = regex(r"[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9][0-9]*)")
_GO_FLOAT = regex(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LONGEST_INTEGER = 70
"""Characters of the longest text that may be a 64-bit integer: 64 binary digits, sign and prefix."""
_CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys(("-0", "-0.0"), -0.0),
}


class _RefusedError(Exception):
    """The document breaks a rule of ours: too deep, too many alias nodes, an alias without its anchor."""

    def __init__(self, mark: Any, message: str) -> None:
        self.mark = mark
        super().__init__(message)


@changing
class _Frame:
    """A collection whose end has not come yet."""

    start: int
    end: int
    location: Location
    flow: bool
    tag: str
    anchor: str | None
    sequence: bool
    items: list[Node] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    key: Scalar | None = None
    awaits_value: bool = False
    value_route: Route = ()
    size: int = 1
    height: int = 1

    def route(self, key: str) -> Route:
        """The route of the next child; a key, whose text is given, has the route of its value."""
        if self.sequence:
            return (*self.location.route, len(self.items))
        if self.awaits_value:
            return self.value_route
        return (*self.location.route, key)


@frozen
class _Anchored:
    """An anchored node with the number of nodes and levels in it, aliases expanded."""

    node: Node
    size: int
    height: int


class _Builder:
    """Turns the events of one file into documents; no recursion, so that depth costs no stack.

    Events are untyped: the marks of PyYAML's two parsers share their attributes and no class.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.shift = 1 if text.startswith(_BOM) else 0
        self.documents: list[Document] = []
        self.problems: list[Problem] = []
        self.frames: list[_Frame] = []
        self.anchors: dict[str, _Anchored] = {}
        self.root: Node | None = None
        self.aliased = 0

    def handlers(self) -> dict[type, Callable[[Any], None]]:
        """Return what takes each kind of event; the start and end of the stream say nothing."""
        return {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.open,
            yaml.SequenceStartEvent: self.open,
            yaml.MappingEndEvent: self.close,
            yaml.SequenceEndEvent: self.close,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.start,
            yaml.DocumentEndEvent: self.finish,
        }

    def start(self, _event: Any) -> None:
        self.root, self.anchors, self.frames, self.aliased = None, {}, [], 0

    def finish(self, _event: Any) -> None:
        self.documents.append(Document(self.path, self.text, self.root))

    def place(self, event: Any, *, block: bool = False) -> tuple[int, Location]:
        """The offset and location at which the node's own text starts, after its tag and anchor."""
        mark = event.end_mark if block else event.start_mark
        start, line, column = mark.index + self.shift, mark.line, mark.column
        if block and isinstance(event, yaml.SequenceStartEvent) and self.text[start : start + 1] != "-":
            start, column = start - 1, column - 1  # the parser has passed the dash of a sequence that is not indented
        if not block and (event.anchor or getattr(event, "tag", None)):
            end = self.skip_properties(start, event.end_mark.index + self.shift)
            lines = self.text.count("\n", start, end)
            column = end - self.text.rindex("\n", start, end) - 1 if lines else column + end - start
            start, line = end, line + lines
        key = event.value if event.__class__ is yaml.ScalarEvent else ""
        return start, Location(self.path, line + 1, column + 1, self.frames[-1].route(key) if self.frames else ())

    def skip_properties(self, start: int, end: int) -> int:
        """The offset of the content after tag, anchor, blanks and comments, at most `end`."""
        position = start
        while position < end and (match := _PROPERTY.match(self.text, position, end)):
            position = match.end()
        return position

    def scalar(self, event: Any) -> None:
        value, style, anchor, tag = event.value, event.style, event.anchor, event.tag
        if value and self.frames and not (anchor or tag or style in _BLOCK_STYLES):
            self.plain_scalar(event, value, not style)
            return
        start, location = self.place(event)
        end = event.end_mark.index + self.shift
        if not value and start >= len(self.text):
            last = _last_place(self.path, self.text, location.line)
            location = Location(self.path, last.line, last.column, location.route)
        if style in _BLOCK_STYLES:
            end = start + len(self.text[start:end].rstrip())
        node = Scalar(value, location, Span(start, end), value, not style, _short_tag(tag) if tag else "")
        self.add(node, 1, 1, end, anchor)

    def plain_scalar(self, event: Any, value: str, plain: bool) -> None:  # noqa: FBT001 - one call of very many
        """Take a text that starts where its event does; nearly all nodes of all files come here, so nothing is called."""
        frame, mark = self.frames[-1], event.start_mark
        start, end = mark.index + self.shift, event.end_mark.index + self.shift
        frame.size += 1
        if frame.height == 1:
            frame.height = 2
        if end > frame.end:  # noqa: PLR1730
            frame.end = end
        line, column = mark.line + 1, mark.column + 1
        if frame.sequence:
            route: Route = (*frame.location.route, len(frame.items))
            frame.items.append(Scalar(value, Location(self.path, line, column, route), Span(start, end), value, plain))
        elif frame.awaits_value:
            node = Scalar(value, Location(self.path, line, column, frame.value_route), Span(start, end), value, plain)
            if frame.key is not None:
                frame.entries.append(Entry(frame.key, node))
            frame.awaits_value, frame.key = False, None
        else:
            frame.value_route = route = (*frame.location.route, value)
            frame.key = Scalar(value, Location(self.path, line, column, route), Span(start, end), value, plain)
            frame.awaits_value = True

    def open(self, event: Any) -> None:
        if len(self.frames) >= MAX_DEPTH:
            raise _RefusedError(event.start_mark, f"nested deeper than {MAX_DEPTH} levels")
        flow = bool(event.flow_style)
        start, location = self.place(event, block=not flow)
        sequence = isinstance(event, yaml.SequenceStartEvent)
        self.frames.append(_Frame(start, start, location, flow, _short_tag(event.tag), event.anchor, sequence))

    def close(self, event: Any) -> None:
        frame = self.frames.pop()
        end = event.end_mark.index + self.shift if frame.flow else frame.end
        span = Span(frame.start, end)
        node: Node
        if frame.sequence:
            node = Sequence(tuple(frame.items), frame.location, span, frame.flow, frame.tag)
        else:
            node = Mapping(tuple(frame.entries), frame.location, span, frame.flow, frame.tag)
        self.add(node, frame.size, frame.height, end, frame.anchor)

    def alias(self, event: Any) -> None:
        target = self.anchors.get(event.anchor or "")
        if target is None:
            is_open = any(frame.anchor == event.anchor for frame in self.frames)
            why = "contains itself" if is_open else "is not defined before"
            raise _RefusedError(event.start_mark, f"the anchor {event.anchor!r} {why}")
        self.aliased += target.size
        if self.aliased > MAX_EXPANDED_NODES:
            raise _RefusedError(event.start_mark, f"aliases expand to more than {MAX_EXPANDED_NODES} nodes")
        if len(self.frames) + target.height > MAX_DEPTH:
            raise _RefusedError(event.start_mark, f"nested deeper than {MAX_DEPTH} levels through aliases")
        self.add(target.node, target.size, target.height, event.end_mark.index + self.shift, None)

    def add(self, node: Node, size: int, height: int, end: int, anchor: str | None) -> None:
        """Put a finished node into the collection that waits for it; `end` is where its text or its alias ends."""
        if anchor:
            self.anchors[anchor] = _Anchored(node, size, height)
        if not self.frames:
            self.root = node
            return
        frame = self.frames[-1]
        frame.size += size
        # A branch each, no call of `max`: this runs once for every node of every file.
        if height >= frame.height:
            frame.height = height + 1
        if end > frame.end:  # noqa: PLR1730
            frame.end = end
        if frame.sequence:
            frame.items.append(node)
        elif not frame.awaits_value:
            frame.awaits_value = True
            frame.key = node if isinstance(node, Scalar) else None
            frame.value_route = (*frame.location.route, frame.key.value if frame.key else "")
            if frame.key is None:
                self.problems.append(Problem(node.location, "a key that is not text: its entry is left out"))
        else:
            if frame.key is not None:
                frame.entries.append(Entry(frame.key, node))
            frame.awaits_value, frame.key = False, None


def _short_tag(tag: str | None) -> str:
    if not tag:
        return ""
    return f"!!{tag.removeprefix(_STANDARD_TAG)}" if tag.startswith(_STANDARD_TAG) else tag


@lru_cache(maxsize=256)
def parse_documents(path: str, text: str) -> tuple[tuple[Document, ...], tuple[Problem, ...]]:
    """Parse all documents of a file; a broken one is a Problem with its line, and those before it are kept.

    The answer is remembered: `generate` reads the project again for each thing that it tries.
    """
    builder = _Builder(path, text)
    try:
        _feed(builder, text[builder.shift :])
    except _RefusedError as error:
        builder.problems.append(Problem(_at(path, text, error.mark), str(error)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        builder.problems.append(Problem(_at(path, text, mark), _in_words(error)))
    except yaml.reader.ReaderError as error:
        builder.problems.append(Problem(_control_character(path, text), f"not valid YAML: {error.reason}"))
    except (UnicodeError, yaml.YAMLError):
        builder.problems.append(Problem(_control_character(path, text), "not valid YAML: characters that are not text"))
    return tuple(builder.documents), tuple(builder.problems)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    message = " ".join(filter(None, (error.context, error.problem)))
    # The parser reads ahead of its events: since PyYAML 6.0.4 its own limit is met before ours.
    return f"nested deeper than {MAX_DEPTH} levels" if "nesting depth" in message else f"not valid YAML: {message}"


def _feed(builder: _Builder, text: str) -> None:
    """Give the builder every event of a text; raises what the parser and the builder raise."""
    loader = _LOADER(text)
    handlers = builder.handlers()
    try:
        while (event := loader.get_event()) is not None:  # type: ignore[no-untyped-call]
            handler = handlers.get(event.__class__)
            if handler is not None:
                handler(event)
    finally:
        loader.dispose()


def _at(path: str, text: str, mark: Any) -> Location:
    """The place of a mark; the parser counts the end of a text as a further line, which no file has."""
    if mark is None:
        return Location(path, 1)
    if mark.index < len(text):
        return Location(path, mark.line + 1, mark.column + 1)
    return _last_place(path, text, mark.line + 1)


def _last_place(path: str, text: str, line: int) -> Location:
    """The end of a text, on the given line at most."""
    lines = _LINE_END.split(text)
    return Location(path, min(line, len(lines)), len(lines[-1]) + 1 if line >= len(lines) else 1)


def _control_character(path: str, text: str) -> Location:
    """The place of the first character that YAML does not allow."""
    match = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    position = match.start() if match else 0
    return Location(path, text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position))


# --- scalars ----------------------------------------------------------------------------------------------------------


def resolve(scalar: Scalar) -> bool | int | float | str | None:
    """Return what go-yaml makes of a scalar: `on`, `1_0:30` and dates stay text, `08` is a float, `010` and `0o10` are 8."""
    if scalar.references or (scalar.raw and scalar.raw != scalar.value):
        return scalar.value  # interpolation gives text, whatever it looks like
    if not scalar.plain and scalar.tag in {"", "!"}:
        return scalar.value
    if scalar.tag not in {"", "!!int", "!!float", "!!bool", "!!null"}:
        return scalar.value
    return resolve_plain(scalar.value)


def resolve_plain(text: str) -> bool | int | float | str | None:
    """Return what go-yaml makes of an unquoted text."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789" or _TIMESTAMP.fullmatch(text):
        return text
    compact = text.replace("_", "") if text[0] != "." else text
    if text[0] != "." and len(compact) <= _LONGEST_INTEGER and _GO_INTEGER.fullmatch(compact):
        number = _go_integer(compact)
        if -(2**63) <= number < 2**64:
            return number
    if _GO_FLOAT.fullmatch(compact):
        value = float(compact)
        return value if math.isfinite(value) else text
    return text


def _go_integer(text: str) -> int:
    """Parse as Go's ParseInt with base 0: a leading 0 or 0o is octal, 0x hexadecimal, 0b binary."""
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-").lower()
    if digits.startswith("0") and digits[1:].isdecimal():
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def is_null(node: Node | None) -> bool:
    """Whether a node is absent or a null as go-yaml reads it."""
    return node is None or (isinstance(node, Scalar) and resolve(node) is None)


# --- merge keys -------------------------------------------------------------------------------------------------------


def resolve_merges(node: Node) -> Node:
    """Return the tree with every `<<` replaced by the entries that it brings; keys that stand beside it win."""
    return _Merger().resolve(node)


class _Merger:
    """Resolves merge keys once for each shared node, so that aliases stay shared."""

    def __init__(self) -> None:
        self.done: dict[int, tuple[Node, Node]] = {}

    def resolve(self, node: Node) -> Node:
        if isinstance(node, Scalar):
            return node
        known = self.done.get(id(node))
        if known is not None:
            return known[1]
        resolved = self.sequence(node) if isinstance(node, Sequence) else self.mapping(node)
        self.done[id(node)] = (node, resolved)
        return resolved

    def sequence(self, node: Sequence) -> Sequence:
        items = tuple(self.resolve(item) for item in node.items)
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node
        return Sequence(items, node.location, node.span, node.flow, node.tag)

    def mapping(self, node: Mapping) -> Mapping:
        own: list[Entry] = []
        merged: list[Entry] = []
        changed = False
        for entry in node.entries:
            value = self.resolve(entry.value)
            if is_merge_key(entry.key) and is_mergeable(value):
                merged.extend(_merged_entries(value))
                changed = True
                continue
            changed = changed or value is not entry.value
            own.append(entry if value is entry.value else Entry(entry.key, value))
        if not changed:
            return node
        present = {entry.key.value for entry in own}
        for entry in merged:
            if entry.key.value not in present:
                present.add(entry.key.value)
                own.append(entry)
        return Mapping(tuple(own), node.location, node.span, node.flow, node.tag)


def is_merge_key(key: Scalar) -> bool:
    """Whether a key is the `<<` that brings in another mapping's entries; a quoted one is not."""
    return key.value == "<<" and key.plain and key.tag in {"", "!!merge"}


def is_mergeable(node: Node) -> bool:
    """Whether a merge key may have this value: a mapping, or a sequence of mappings."""
    if isinstance(node, Sequence):
        return all(isinstance(item, Mapping) for item in node.items)
    return isinstance(node, Mapping)


def _merged_entries(node: Node) -> Iterator[Entry]:
    """Yield the entries of one mapping, or of a sequence of them, of which the earlier ones win."""
    for mapping in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(mapping, Mapping):
            yield from (entry for key in dict.fromkeys(mapping.keys()) if (entry := mapping.entry(key)))
