"""`depends_on` edges with what the plan decided for them, in whichever form the list or mapping is written."""

from __future__ import annotations

import json

from scaffold.generate.edits.healthchecks import added_healthcheck
from scaffold.generate.edits.places import is_inside, line_end
from scaffold.model.artifact import Splice
from scaffold.model.document import Document, Entry, Mapping, Scalar, Sequence, Span, find
from scaffold.model.edits import EditTask, FileSplices

Wanted = dict[str, dict[str, str]]
"""The properties to set by the name of the awaited service: condition, required."""


def changed_dependencies(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that set each `<service>/<awaited>/<property>` of the task; empty when one edge cannot be edited."""
    splices = _edges(task.document, task.decided)
    return (FileSplices(task.document.path, splices),) if splices else ()


def checked_stores(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that add each healthcheck (`<file>:<service>`) and change each edge; empty when one cannot be made."""
    made = []
    for index, document in enumerate(task.documents):
        mine = [(place.partition(":")[2], value) for place, value in task.decided if place.partition(":")[0] == str(index)]
        edges = tuple((place, value) for place, value in mine if "/" in place)
        checks = [added_healthcheck(document, place, json.loads(value)) for place, value in mine if "/" not in place]
        splices = _edges(document, edges) if edges else ()
        if None in checks or (edges and not splices):
            return ()
        made.append(FileSplices(document.path, (*splices, *(check for check in checks if check))))
    return tuple(made)


def _edges(document: Document, decided: tuple[tuple[str, str], ...]) -> tuple[Splice, ...]:
    splices: list[Splice] = []
    for service, wanted in _by_service(decided).items():
        home = find(document.root, "services", service)
        entry = home.entry("depends_on") if isinstance(home, Mapping) else None
        if home is None or entry is None or not is_inside(home, entry.value):
            return ()
        made = _edit_node(document.text, entry, wanted)
        if not made:
            return ()
        splices += made
    return tuple(splices)


def _by_service(decided: tuple[tuple[str, str], ...]) -> dict[str, Wanted]:
    found: dict[str, Wanted] = {}
    for place, value in decided:
        service, awaited, name = place.split("/")
        found.setdefault(service, {}).setdefault(awaited, {})[name] = value
    return found


def _edit_node(text: str, entry: Entry, wanted: Wanted) -> list[Splice]:
    node = entry.value
    if isinstance(node, Mapping):
        return _edit_mapping(text, node, wanted)
    if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
        names = [item for item in node.items if isinstance(item, Scalar)]
        if node.flow:
            return [_flow_list(node, names, wanted)]
        return [_block_item(text, item, wanted, entry.key.location.column) for item in names]
    return []


def _properties(name: str, wanted: Wanted) -> dict[str, str]:
    """Return every property of an edge that was written in the short form."""
    return {"condition": "service_started", **wanted.get(name, {})}


def _flow_list(node: Sequence, names: list[Scalar], wanted: Wanted) -> Splice:
    inner = ", ".join(f"{item.value}: {{{_flow(_properties(item.value, wanted))}}}" for item in names)
    return Splice(node.span, f"{{{inner}}}")


def _flow(properties: dict[str, str]) -> str:
    return ", ".join(f"{key}: {value}" for key, value in properties.items())


def _block_item(text: str, item: Scalar, wanted: Wanted, key_column: int) -> Splice:
    """Turn `- name` into `name:` with its properties below, from the dash to the end of the name.

    A list may stand at the column of its key, a mapping may not: it moves two columns in.
    """
    dash = text.rindex("-", 0, item.span.start)
    line_start = text.rfind("\n", 0, dash) + 1
    inward = "" if dash - line_start >= key_column else "  "
    indent = text[line_start:dash] + inward
    lines = "".join(f"{line_end(text)}{indent}  {key}: {value}" for key, value in _properties(item.value, wanted).items())
    return Splice(Span(dash, item.span.end), f"{inward}{item.value}:{lines}")


def _edit_mapping(text: str, node: Mapping, wanted: Wanted) -> list[Splice]:
    splices: list[Splice] = []
    for name, properties in sorted(wanted.items()):
        entry = node.entry(name)
        made = _edit_entry(text, entry, properties) if entry else []
        if not made:
            return []
        splices += made
    return splices


def _edit_entry(text: str, entry: Entry, properties: dict[str, str]) -> list[Splice]:
    value = entry.value
    if isinstance(value, Scalar):
        full = {"condition": "service_started", **properties}
        return [Splice(Span(entry.key.span.end, value.span.end), f": {{{_flow(full)}}}")] if not value.value else []
    if not isinstance(value, Mapping) or not value.entries:
        return []
    present = {key: node for key in properties if isinstance(node := value.get(key), Scalar)}
    splices = [Splice(node.span, properties[key]) for key, node in present.items()]
    missing = {key: text for key, text in properties.items() if key not in present}
    if missing:
        start = value.entries[0].key.span.start
        separator = ", " if value.flow else line_end(text) + " " * (value.entries[0].key.location.column - 1)
        splices.append(Splice(Span(start, start), "".join(f"{key}: {new}{separator}" for key, new in missing.items())))
    return splices


EDITORS = {"changed-dependencies": changed_dependencies, "checked-stores": checked_stores}
