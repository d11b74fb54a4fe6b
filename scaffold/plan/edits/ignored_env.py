"""IMG003: a .dockerignore that lets `.env` into the image gets the pattern for it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import Append, EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind

_LINES = "# Values of this machine, given when the container starts.\n.env\n.env.local\n.env.*.local\n"


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        source = next((item for item in project.sources if item.path == gap.resource), None)
        if source is not None and gap.subject == "dockerignore/.env":
            yield EditTask("ignore-lines", (gap,), appends=(Append(source, _LINES),), blocked=_blocked(project, gap))


def _blocked(project: Project, gap: Gap) -> str:
    """Say why the pattern would break a build: a step that copies an env file by name."""
    paths = {item.location.path for item in gap.evidence}
    steps = (
        item
        for dockerfile in project.dockerfiles
        if dockerfile.path in paths
        for stage in dockerfile.stages
        for item in stage.instructions
        if item.keyword in {"COPY", "ADD"}
    )
    named = any(".env" in item.text for item in steps)
    return "the Dockerfile copies an env file by name: take that step out first" if named else ""


KIND = EditKind(frozenset({"IMG003"}), _plan)
