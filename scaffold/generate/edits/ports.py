"""A published port that only the host itself reaches, in the short and in the long form."""

from __future__ import annotations

from scaffold.model.artifact import Splice
from scaffold.model.document import Location, Mapping, Node, Scalar, Span
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.guards import node_at
from scaffold.model.regex import regex

_LOOPBACK = "127.0.0.1"
_EVERYWHERE = regex(r"(?:0\.0\.0\.0|\[?::\]?|\*):(?=[^:]*:)")
_SHORT = regex(r"[\w.:/${}?-]+")


def loopback_port(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that bind the ports of the task's gaps; empty when one is in a form that is not edited."""
    splices = [_splice(task.document.text, _port(task, gap.primary)) for gap in task.gaps]
    made = tuple(splice for splice in splices if splice)
    return (FileSplices(task.document.path, made),) if made and len(made) == len(splices) else ()


def _port(task: EditTask, place: Location) -> Node | None:
    # The long form starts at its first key: the route tells it from that key's value.
    found = node_at(task.document, place)
    if found is not None:
        return found
    return next((node for node in _mappings(task.document.root) if node.location == place), None)


def _mappings(node: Node | None) -> tuple[Mapping, ...]:
    found: list[Mapping] = []
    pending = [node] if node is not None else []
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            found.append(item)
            pending += [entry.value for entry in item.entries]
        elif not isinstance(item, Scalar):
            pending += item.items
    return tuple(found)


def _splice(text: str, node: Node | None) -> Splice | None:
    if isinstance(node, Scalar):
        return _short(text, node)
    if isinstance(node, Mapping) and node.entries:
        return _long(text, node)
    return None


def _short(text: str, node: Scalar) -> Splice | None:
    source = text[node.span.start : node.span.end]
    bare = source.strip("\"'")
    if not _SHORT.fullmatch(bare):
        return None
    without = _EVERYWHERE.sub("", bare, count=1) if _EVERYWHERE.match(bare) else bare
    # A target alone gets a free port of the host: the address stands before an empty one.
    published = without if ":" in without.replace(":-", "").replace(":?", "") else f":{without}"
    return Splice(node.span, f'"{_LOOPBACK}:{published}"')


def _long(text: str, node: Mapping) -> Splice:
    address = node.get("host_ip")
    if isinstance(address, Scalar):
        return Splice(address.span, _LOOPBACK)
    first = node.entries[0].key
    line_end = "\r\n" if "\r\n" in text else "\n"
    separator = ", " if node.flow else line_end + " " * (first.location.column - 1)
    return Splice(Span(first.span.start, first.span.start), f"host_ip: {_LOOPBACK}{separator}")


EDITORS = {"loopback-port": loopback_port}
