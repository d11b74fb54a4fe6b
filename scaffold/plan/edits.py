"""Which gaps can be closed by an edit of the user's own file, grouped so that what belongs together changes together."""

from __future__ import annotations

from scaffold.model.gap import Gap
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project
from scaffold.model.target import EditTask

EDITED_CODES = frozenset({"CMP001", "CMP003", "CIQ001"})


def plan_edits(project: Project, gaps: tuple[Gap, ...]) -> tuple[EditTask, ...]:
    """Return the edits that could close gaps, in the order of the gaps."""
    tasks = [_plan_edit(project, gap) for gap in gaps if gap.code in EDITED_CODES and _has_edit(gap)]
    return tuple(task for task in tasks if task is not None)


def _has_edit(gap: Gap) -> bool:
    return any(closer.kind == "edit" for closer in gap.closes)


def _plan_edit(project: Project, gap: Gap) -> EditTask | None:
    document = project.document(gap.primary.path)
    if document is None:
        return None
    if gap.code == "CIQ001":
        return EditTask("workflow-trigger", document, (gap,))
    if gap.code == "CMP001":
        return EditTask("healthy-dependency", document, (gap,))
    stack_id, _, name = gap.resource.rpartition("/")
    service = next((s.service(name) for s in project.stacks if stack_id in {s.id, s.extends_stack} and s.service(name)), None)
    test = working_healthcheck(service) if service else None
    return EditTask("passing-healthcheck", document, (gap,), name, test) if test else None
