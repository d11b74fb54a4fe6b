"""The `on:` of a workflow: which events and filters GitHub knows, and what is wrong in the node of one."""

from __future__ import annotations

from scaffold.model.document import Document, Entry, Mapping, Scalar, Sequence, is_null
from scaffold.model.frozen import frozen

_TYPES = frozenset({"types"})
_BRANCHES = frozenset({"branches", "branches-ignore"})
_PATHS = frozenset({"paths", "paths-ignore"})
EVENT_FILTERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            *("branch_protection_rule", "check_run", "check_suite", "discussion", "discussion_comment", "issue_comment"),
            *("issues", "label", "milestone", "project", "project_card", "project_column", "pull_request_comment"),
            *("pull_request_review", "pull_request_review_comment", "registry_package", "release", "repository_dispatch"),
            *("watch", "member", "image_version"),
        ),
        _TYPES,
    ),
    **dict.fromkeys(
        ("create", "delete", "deployment", "deployment_status", "fork", "gollum", "page_build", "public", "status"), frozenset()
    ),
    "image_version": _TYPES | {"names", "versions"},
    "merge_group": _TYPES | _BRANCHES,
    "pull_request": _TYPES | _BRANCHES | _PATHS,
    "pull_request_target": _TYPES | _BRANCHES | _PATHS,
    "push": _BRANCHES | _PATHS | {"tags", "tags-ignore"},
    "schedule": frozenset(),
    "workflow_call": frozenset({"inputs", "outputs", "secrets"}),
    "workflow_dispatch": frozenset({"inputs"}),
    "workflow_run": _TYPES | _BRANCHES | {"workflows"},
}
"""Every event that starts a workflow with the keys that may stand under it (GitHub: events that trigger workflows)."""
_ALL_FILTERS = frozenset().union(*EVENT_FILTERS.values())


@frozen
class NestedEvent:
    """An event written under another one: `inner` is a key of the mapping of `outer`, and `following` are the entries
    after it that repeat a key of `outer` and so belong to `inner`.
    """

    outer: Entry
    inner: Entry
    following: tuple[Entry, ...]


@frozen
class TriggerFault:
    """Anything else that is wrong: kind is null, unknown, duplicate or filter; `event` is "" at the top of `on`."""

    kind: str
    event: str
    key: str
    node: Scalar
    first: Scalar | None = None
    """The earlier key that a duplicate repeats."""


def trigger_entry(document: Document) -> Entry | None:
    """Return the entry `on:` of a workflow, or None."""
    return document.root.entry("on") if isinstance(document.root, Mapping) else None


def nested_events(document: Document) -> tuple[NestedEvent, ...]:
    """Return every event that is indented under another event, in the order of the file."""
    entry = trigger_entry(document)
    if entry is None or not isinstance(entry.value, Mapping):
        return ()
    return tuple(found for outer in entry.value.entries for found in _nested_in(outer))


def _nested_in(outer: Entry) -> tuple[NestedEvent, ...]:
    if outer.key.value not in EVENT_FILTERS or not isinstance(outer.value, Mapping):
        return ()
    entries = outer.value.entries
    places = [index for index, entry in enumerate(entries) if entry.key.value in EVENT_FILTERS]
    return tuple(
        NestedEvent(outer, entries[start], _repeating(entries[:start], entries[start + 1 : end], entries[start].key.value))
        for start, end in zip(places, (*places[1:], len(entries)), strict=False)
    )


def _repeating(before: tuple[Entry, ...], after: tuple[Entry, ...], event: str) -> tuple[Entry, ...]:
    """Return the entries after a nested event, when the first of them shows that they are its own filters."""
    known = {entry.key.value for entry in before}
    if not any(entry.key.value in known for entry in after):
        return ()
    return tuple(entry for entry in after if entry.key.value in EVENT_FILTERS[event])


def trigger_faults(document: Document) -> tuple[TriggerFault, ...]:
    """Return every fault of `on:` that is no nested event and does not follow from one."""
    entry = trigger_entry(document)
    if entry is None:
        return ()
    if isinstance(entry.value, Scalar):
        return _fault_of_name(entry.value, entry.key)
    if isinstance(entry.value, Sequence):
        return tuple(
            fault for item in entry.value.items if isinstance(item, Scalar) for fault in _fault_of_name(item, entry.key)
        )
    explained = {id(part) for nested in nested_events(document) for part in (nested.inner, *nested.following)}
    faults = [*_unknown_events(entry.value), *_duplicates("", entry.value, explained)]
    for event in entry.value.entries:
        if event.key.value in EVENT_FILTERS and isinstance(event.value, Mapping):
            faults += _duplicates(event.key.value, event.value, explained)
            faults += _wrong_filters(event.key.value, event.value, explained)
    return tuple(faults)


def _fault_of_name(node: Scalar, key: Scalar) -> tuple[TriggerFault, ...]:
    if is_null(node):
        return (TriggerFault("null", "", "on", key),)
    known = node.value in EVENT_FILTERS
    return () if known else (TriggerFault("unknown", "", node.value, node),)


def _unknown_events(events: Mapping) -> list[TriggerFault]:
    return [TriggerFault("unknown", "", e.key.value, e.key) for e in events.entries if e.key.value not in EVENT_FILTERS]


def _duplicates(event: str, mapping: Mapping, explained: set[int]) -> list[TriggerFault]:
    found = []
    first: dict[str, Scalar] = {}
    for entry in mapping.entries:
        earlier = first.setdefault(entry.key.value, entry.key)
        if earlier is not entry.key and id(entry) not in explained:
            found.append(TriggerFault("duplicate", event, entry.key.value, entry.key, earlier))
    return found


def _wrong_filters(event: str, mapping: Mapping, explained: set[int]) -> list[TriggerFault]:
    """Only words that are a filter of some other event count: what nobody knows may be newer than this table."""
    allowed = EVENT_FILTERS[event]
    return [
        TriggerFault("filter", event, entry.key.value, entry.key)
        for entry in mapping.entries
        if id(entry) not in explained and entry.key.value in _ALL_FILTERS - allowed
    ]
