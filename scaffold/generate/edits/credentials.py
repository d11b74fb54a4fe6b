"""Credentials in compose files: defaults, literals and bare references become references that have to be set."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scaffold.model.artifact import Splice
from scaffold.model.document import Document, Location
from scaffold.model.edits import EditTask, FileSplices
from scaffold.model.guards import guard_bare, guard_defaults, guard_literal, required


def guarded_defaults(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that take the default away at every place of the gaps; empty when one place cannot be edited."""
    decided = dict(task.decided)

    def splices(document: Document, place: Location) -> tuple[Splice, ...]:
        found = guard_defaults(document, place, decided["variable"], decided["template"])
        return found.splices if found else ()

    return _everywhere(task, splices)


def guarded_literals(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that put a reference in place of the value at every place; empty when one cannot be edited."""
    template, variables = dict(task.decided)["template"], dict(task.puts)
    return _everywhere(task, lambda document, place: guard_literal(document, place, variables[place], template))


def guarded_references(task: EditTask) -> tuple[FileSplices, ...]:
    """Return the splices that write `${NAME}` as required, or as empty on purpose; empty when a place cannot be edited."""
    decided = dict(task.decided)
    name = decided["variable"]
    written = f"${{{name}:-}}" if decided["optional"] else required(name, decided["template"])
    return _everywhere(task, lambda document, place: guard_bare(document, place, name, written))


def _everywhere(task: EditTask, splices_at: Callable[[Document, Location], tuple[Splice, ...]]) -> tuple[FileSplices, ...]:
    found: dict[str, list[Splice]] = {}
    documents = {document.path: document for document in task.documents}
    for place in _places(task):
        made = splices_at(documents[place.path], place) if place.path in documents else ()
        if not made:
            return ()
        found.setdefault(place.path, []).extend(made)
    return tuple(FileSplices(path, tuple(dict.fromkeys(splices))) for path, splices in sorted(found.items()))


def _places(task: EditTask) -> Iterable[Location]:
    # The first place and the further ones are all of the credential; nothing else is evidence of these rules.
    return dict.fromkeys(item.location for gap in task.gaps for item in gap.evidence if item.role != "searched")


EDITORS = {
    "guarded-default": guarded_defaults,
    "guarded-literal": guarded_literals,
    "guarded-reference": guarded_references,
}
