"""SUP002 to SUP005 and SUP008: a push is guarded, its build attested, its digest signed; a token only reads."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.project import Project, Workflow
from scaffold.model.workflow_steps import granted_rights, guard_of, new_id, push_condition, signable_steps
from scaffold.plan.edits.kind import EditKind, by_document


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, gaps):
        workflow = next((item for item in project.workflows if item.path == document.path), None)
        if workflow is None:
            continue
        for gap in group:
            if gap.code == "SUP002":
                yield EditTask("guarded-push", (gap,), (document,), decided=(("guard", guard_of(workflow)),))
            elif gap.code == "SUP008":
                yield EditTask("reading-only", (gap,), (document,))
            elif gap.code == "SUP003":
                unguarded = tuple(f"SUP002 {other.resource}" for other in gaps if _is_in(other, "SUP002", resource))
                yield from _signed(workflow, resource, gap, unguarded)
            else:
                yield EditTask("attested-build", (gap,), (document,))


def _is_in(gap: Gap, code: str, job: str) -> bool:
    return gap.code == code and gap.resource.startswith(f"{job}/")


def _signed(workflow: Workflow, resource: str, gap: Gap, needs: tuple[str, ...]) -> Iterator[EditTask]:
    job = next((item for item in workflow.jobs if f"{workflow.path}/{item.id}" == resource), None)
    steps = signable_steps(workflow, job) if job else ()
    pushes = {item.location for item in gap.evidence if item.location.path == workflow.path}
    if job is None or not steps or len(steps) != len(pushes):
        return
    decided = [("rights", granted_rights(workflow, job))]
    taken: set[str] = set()
    for index, step in enumerate(steps):
        name = step.id or new_id(job, "build" if not taken else f"build-{index + 1}")
        taken.add(name)
        decided += [(f"id/{index}", name), (f"condition/{index}", push_condition(workflow, step) or "")]
    yield EditTask("signed-image", (gap,), (workflow.document,), needs=needs, decided=tuple(decided))


KIND = EditKind(frozenset({"SUP002", "SUP003", "SUP004", "SUP005", "SUP008"}), _plan)
"""All of them change the same lines of the same job, so they are planned together."""
