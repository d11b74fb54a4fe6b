"""CMP001 to CMP004 and CMP006: the edges between services, and the healthchecks that they wait for, change together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Document
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project
from scaffold.plan.edits.kind import EditKind, by_document

_CONDITIONS = {"CMP001": "service_healthy", "CMP004": "service_completed_successfully"}
Decided = dict[str, str]


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    yield from _mended(project, gaps)
    added = tuple(_added(project, gaps))
    yield from added
    yield from _profiles(project, gaps)
    edges = tuple(
        gap for gap in gaps if gap.code in _CONDITIONS or (gap.code == "CMP006" and not _profiles_to_add(project, gap))
    )
    waited = {place: task for task in added for place in _edges_to(project, task)}
    for document, resource, group in by_document(project, edges):
        decided = dict(item for gap in group for item in _decided(gap))
        for task in {waited.pop(place) for place in tuple(waited) if place[:2] == (document.path, resource)}:
            decided |= _healthy(resource, task)
        yield EditTask(
            "changed-dependencies", group, (document,), needs=_needs(resource, group, decided, added), decided=_sorted(decided)
        )
    for (path, resource), places in groupby(sorted(waited), key=lambda place: place[:2]):
        tasks = [waited[place] for place in places]
        home = project.document(path)
        if home is not None:
            decided = {key: value for task in tasks for key, value in _healthy(resource, task).items()}
            yield EditTask("changed-dependencies", tasks[0].gaps, (home,), decided=_sorted(decided))


def _sorted(decided: Decided) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(decided.items()))


def _decided(gap: Gap) -> Iterator[tuple[str, str]]:
    place = f"{gap.resource.rpartition('/')[2]}/{gap.subject.rpartition('/')[2]}"
    if gap.code == "CMP006":
        yield f"{place}/required", "false"
    else:
        yield f"{place}/condition", _CONDITIONS[gap.code]


def _healthy(resource: str, task: EditTask) -> Decided:
    return {f"{resource.rpartition('/')[2]}/{task.service}/condition": "service_healthy"}


def _needs(resource: str, group: tuple[Gap, ...], decided: Decided, added: tuple[EditTask, ...]) -> tuple[str, ...]:
    """Return the gaps of awaited services without which this service would wait in vain."""
    stack, _, _ = resource.rpartition("/")
    broken = (f"CMP003 {stack}/{gap.subject.rpartition('/')[2]}" for gap in group if "CMP003" in gap.blocked_by)
    new = {task.service: task for task in added if task.gaps[0].resource.rpartition("/")[0] == stack}
    absent = (f"CMP002 {stack}/{place.split('/')[1]}" for place in decided if place.split("/")[1] in new)
    return tuple(dict.fromkeys((*broken, *absent)))


# --- healthchecks -----------------------------------------------------------------------------------------------------


def _mended(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, tuple(gap for gap in gaps if gap.code == "CMP003")):
        service = _service(project, resource)
        test = working_healthcheck(service) if service else None
        if service and test:
            yield EditTask("passing-healthcheck", group, (document,), service=service.name, healthcheck=test)


def _added(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, tuple(gap for gap in gaps if gap.code == "CMP002")):
        service = _service(project, resource)
        test = working_healthcheck(service) if service else None
        if service and test:
            yield EditTask("added-healthcheck", group, (document,), service=service.name, healthcheck=test)


def _edges_to(project: Project, task: EditTask) -> Iterator[tuple[str, str, str]]:
    """Yield file, resource and awaited service of every edge that does not wait yet for the service with a new healthcheck."""
    stack_id, _, name = task.gaps[0].resource.rpartition("/")
    for stack in _stacks(project, stack_id)[:1]:
        for service in stack.services:
            for edge in service.depends_on:
                if edge.service == name and edge.condition == "service_started":
                    yield (edge.location.path, f"{stack_id}/{service.name}", name)


# --- profiles ---------------------------------------------------------------------------------------------------------


def _profiles(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for gap in gaps:
        missing = _profiles_to_add(project, gap) if gap.code == "CMP006" else ()
        target = _awaited(project, gap) if missing else None
        place = target.profiles_location if target else None
        document: Document | None = project.document(place.path) if place else None
        if target and document:
            decided = tuple((name, "") for name in missing)
            yield EditTask("added-profiles", (gap,), (document,), service=target.name, decided=decided)


def _profiles_to_add(project: Project, gap: Gap) -> tuple[str, ...]:
    """Return the profiles that start the dependant and not what it depends on; none when it starts without any."""
    service, target = _service(project, gap.resource), _awaited(project, gap)
    if service is None or target is None:
        return ()
    return tuple(name for name in service.profiles if name not in target.profiles)


def _awaited(project: Project, gap: Gap) -> Service | None:
    stack_id, _, _ = gap.resource.rpartition("/")
    return _service(project, f"{stack_id}/{gap.subject.rpartition('/')[2]}")


def _service(project: Project, resource: str) -> Service | None:
    stack_id, _, name = resource.rpartition("/")
    return next((found for stack in _stacks(project, stack_id) if (found := stack.service(name))), None)


def _stacks(project: Project, stack_id: str) -> list[Stack]:
    return [stack for stack in project.stacks if stack_id in {stack.id, stack.extends_stack}]


KIND = EditKind(frozenset({"CMP001", "CMP002", "CMP003", "CMP004", "CMP006"}), _plan)
