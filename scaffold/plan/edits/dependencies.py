"""CMP001 and CMP003: a condition, and the healthcheck that it waits for, change together."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind, by_document


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, tuple(gap for gap in gaps if gap.code == "CMP003")):
        stack_id, _, name = resource.rpartition("/")
        test = _working_test(project, stack_id, name)
        if test:
            yield EditTask("passing-healthcheck", group, (document,), service=name, healthcheck=test)
    for document, _, group in by_document(project, tuple(gap for gap in gaps if gap.code == "CMP001")):
        needs = dict.fromkeys(_awaited(gap) for gap in group if "CMP003" in gap.blocked_by)
        yield EditTask("healthy-dependency", group, (document,), needs=tuple(needs))


def _awaited(gap: Gap) -> str:
    """Return the gap of the awaited service's healthcheck, which would otherwise be waited for in vain."""
    stack, _, _ = gap.resource.rpartition("/")
    return f"CMP003 {stack}/{gap.subject.rpartition('/')[2]}"


def _working_test(project: Project, stack_id: str, name: str) -> tuple[str, ...] | None:
    stacks = [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]
    service = next((found for stack in stacks if (found := stack.service(name))), None)
    return working_healthcheck(service) if service else None


KIND = EditKind(frozenset({"CMP001", "CMP003"}), _plan)
