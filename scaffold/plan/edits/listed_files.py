"""CIQ024: the overlays come into the lists of files with which production is started."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.listed_starts import base_of_production, listed_starts
from scaffold.model.project import Project, SourceFile
from scaffold.plan.edits.kind import EditKind

_KIND = "listed-files"
_SENDS_FILES = "it sends the host single files: add the overlays, and the files that they mount, to those and to its list"


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    base = base_of_production(project)
    apart = {found.group.resource for found in listed_starts(project, project.overlays) if not found.group.has_tree}
    for gap in gaps:
        places = [item.location for item in gap.evidence if item.role != "searched"]
        texts = {place.path: project.source(place.path) for place in places}
        yield EditTask(
            _KIND,
            (gap,),
            sources=tuple(SourceFile(path, text) for path, text in sorted(texts.items()) if text is not None),
            decided=(*((f"{place.path}:{place.line}", "") for place in places), *(("base", file) for file in base)),
            overlays=project.overlays,
            blocked=_SENDS_FILES if gap.resource in apart else "",
        )


def with_overlays(task: EditTask, overlays: tuple[str, ...]) -> EditTask:
    """Return a task of this kind with the overlays that the production set gets; any other one as it is."""
    return replace(task, overlays=overlays) if task.kind == _KIND else task


KIND = EditKind(frozenset({"CIQ024"}), _plan)
