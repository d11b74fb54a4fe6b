"""What a kind of edit is, and the grouping that most kinds share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from scaffold.model.document import Document
from scaffold.model.edits import EditTask
from scaffold.model.frozen import frozen
from scaffold.model.gap import Gap
from scaffold.model.project import Project


@frozen
class EditKind:
    """One kind of edit: the codes of the gaps that it closes, and the tasks for such gaps of a project."""

    codes: frozenset[str]
    plan: Callable[[Project, tuple[Gap, ...]], Iterable[EditTask]]


def by_document(project: Project, gaps: tuple[Gap, ...]) -> Iterator[tuple[Document, str, tuple[Gap, ...]]]:
    """Yield the gaps of each YAML file and resource together, with the document and the resource."""
    for (path, resource), group in groupby(sorted(gaps, key=_place), key=_place):
        document = project.document(path)
        if document is not None:
            yield document, resource, tuple(group)


def _place(gap: Gap) -> tuple[str, str]:
    return (gap.primary.path, gap.resource)
