"""`depends_on` with the condition service_healthy, in whichever form the list or mapping is written."""

from __future__ import annotations

from scaffold.model.artifact import Splice
from scaffold.model.document import Entry, Mapping, Node, Scalar, Sequence, Span, find
from scaffold.model.edits import EditTask, FileSplices

_HEALTHY = "service_healthy"
_STARTED = "service_started"


def healthy_dependency(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that make every edge of the task's gaps wait for health; empty when one edge cannot be edited."""
    splices: list[Splice] = []
    for service, awaited in _edges(task).items():
        home = find(task.document.root, "services", service)
        entry = home.entry("depends_on") if isinstance(home, Mapping) else None
        if home is None or entry is None or not _is_inside(home, entry.value):
            return ()
        made = _edit_node(task.document.text, entry, frozenset(awaited))
        if not made:
            return ()
        splices += made
    return (FileSplices(task.document.path, tuple(splices)),) if splices else ()


def _edges(task: EditTask) -> dict[str, set[str]]:
    """Return the awaited services by dependant, from the routes of the gaps' evidence."""
    edges: dict[str, set[str]] = {}
    for gap in task.gaps:
        for item in gap.evidence:
            route = item.location.route
            if (
                item.location.path == task.document.path
                and len(route) >= 4
                and route[0] == "services"
                and route[2] == "depends_on"
            ):
                awaited = _awaited(task.document.root, route)
                if awaited:
                    edges.setdefault(str(route[1]), set()).add(awaited)
    return edges


def _awaited(root: Node | None, route: tuple[str | int, ...]) -> str:
    if isinstance(route[3], str):
        return route[3]
    item = find(root, *route[:4])
    return item.value if isinstance(item, Scalar) else ""


def _is_inside(home: Node, node: Node) -> bool:
    """Whether the node is written at the service itself, and does not come from an anchor elsewhere."""
    return home.span.start <= node.span.start and node.span.end <= home.span.end


def _edit_node(text: str, entry: Entry, awaited: frozenset[str]) -> list[Splice]:
    node = entry.value
    if isinstance(node, Mapping):
        return _edit_mapping(text, node, awaited)
    if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
        names = [item for item in node.items if isinstance(item, Scalar)]
        if node.flow:
            return [_flow_list(node, names, awaited)]
        return [_block_item(text, item, awaited, entry.key.location.column) for item in names]
    return []


def _condition(name: str, awaited: frozenset[str]) -> str:
    return _HEALTHY if name in awaited else _STARTED


def _flow_list(node: Sequence, names: list[Scalar], awaited: frozenset[str]) -> Splice:
    inner = ", ".join(f"{item.value}: {{condition: {_condition(item.value, awaited)}}}" for item in names)
    return Splice(node.span, f"{{{inner}}}")


def _block_item(text: str, item: Scalar, awaited: frozenset[str], key_column: int) -> Splice:
    """Turn `- name` into `name:` with its condition below, from the dash to the end of the name.

    A list may stand at the column of its key, a mapping may not: it moves two columns in.
    """
    dash = text.rindex("-", 0, item.span.start)
    line_start = text.rfind("\n", 0, dash) + 1
    inward = "" if dash - line_start >= key_column else "  "
    indent = text[line_start:dash] + inward
    condition = f"{_line_end(text)}{indent}  condition: {_condition(item.value, awaited)}"
    return Splice(Span(dash, item.span.end), f"{inward}{item.value}:{condition}")


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _edit_mapping(text: str, node: Mapping, awaited: frozenset[str]) -> list[Splice]:
    splices = []
    for name in sorted(awaited):
        entry = node.entry(name)
        splice = _edit_entry(text, entry) if entry else None
        if splice is None:
            return []
        splices.append(splice)
    return splices


def _edit_entry(text: str, entry: Entry) -> Splice | None:
    value = entry.value
    if isinstance(value, Scalar):
        return Splice(Span(entry.key.span.end, value.span.end), f": {{condition: {_HEALTHY}}}") if not value.value else None
    if not isinstance(value, Mapping) or not value.entries:
        return None
    condition = value.get("condition")
    if isinstance(condition, Scalar):
        return Splice(condition.span, _HEALTHY)
    start = value.entries[0].key.span.start
    separator = ", " if value.flow else _line_end(text) + " " * (value.entries[0].key.location.column - 1)
    return Splice(Span(start, start), f"condition: {_HEALTHY}{separator}")


EDITORS = {"healthy-dependency": healthy_dependency}
