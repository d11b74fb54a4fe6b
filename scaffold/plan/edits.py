"""Which gaps can be closed by an edit of the user's own file, grouped so that what belongs together changes together."""

from __future__ import annotations

from itertools import groupby

from scaffold.model.document import Document
from scaffold.model.gap import Gap
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project
from scaffold.model.target import EditTask

_KINDS = {"CMP001": "healthy-dependency", "CMP003": "passing-healthcheck", "CIQ001": "workflow-trigger"}


def plan_edits(project: Project, gaps: tuple[Gap, ...]) -> tuple[EditTask, ...]:
    """Return the edits that could close gaps, one per file, rule and resource."""
    editable = [gap for gap in gaps if gap.code in _KINDS and any(closer.kind == "edit" for closer in gap.closes)]
    tasks = []
    for (path, code, resource), group in groupby(sorted(editable, key=_place), key=_place):
        document = project.document(path)
        task = _task(project, document, code, resource, tuple(group)) if document else None
        if task:
            tasks.append(task)
    return tuple(tasks)


def _place(gap: Gap) -> tuple[str, str, str]:
    return (gap.primary.path, gap.code, gap.resource)


def _task(project: Project, document: Document, code: str, resource: str, gaps: tuple[Gap, ...]) -> EditTask | None:
    if code != "CMP003":
        return EditTask(_KINDS[code], document, gaps)
    stack_id, _, name = resource.rpartition("/")
    stacks = [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]
    service = next((found for stack in stacks if (found := stack.service(name))), None)
    test = working_healthcheck(service) if service else None
    return EditTask(_KINDS[code], document, gaps, name, test) if test else None
