"""IMG001: the Dockerfile that a build names is elsewhere in the repository."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind, by_document


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, gaps):
        for gap in group:
            decided = tuple(_services(project, resource.rpartition("/")[0], gap))
            if decided:
                yield EditTask("found-dockerfile", (gap,), (document,), decided=decided)


def _services(project: Project, stack_id: str, gap: Gap) -> Iterator[tuple[str, str]]:
    """Yield each service that names the missing file, with the path of the found one from its context (Compose's rule)."""
    stacks = [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]
    for service in stacks[0].services if stacks else ():
        build = service.build
        if build and build.dockerfile == gap.actual and build.context is not None:
            yield service.name, posixpath.relpath(gap.expected, build.context or ".")


KIND = EditKind(frozenset({"IMG001"}), _plan)
