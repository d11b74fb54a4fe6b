"""CMP001 to CMP004 and CMP006: the edges between services, and the healthchecks that they wait for, change together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Document, Mapping, find, scalars_of
from scaffold.model.edits import EditTask
from scaffold.model.gap import Gap
from scaffold.model.probes import working_healthcheck
from scaffold.model.project import Project
from scaffold.model.same_checks import same_check
from scaffold.plan.edits.kind import EditKind, by_document

_CONDITIONS = {"CMP001": "service_healthy", "CMP004": "service_completed_successfully"}
Decided = dict[str, str]


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    yield from _mended(project, gaps)
    yield from _profiles(project, gaps)
    edges = tuple(
        gap for gap in gaps if gap.code in _CONDITIONS or (gap.code == "CMP006" and not _profiles_to_add(project, gap))
    )
    groups = {(document.path, resource): group for document, resource, group in by_document(project, edges)}
    absent = sorted((gap for gap in gaps if gap.code == "CMP002"), key=lambda gap: gap.resource)
    for _, stores in groupby(absent, key=lambda gap: gap.resource.rpartition("/")[0]):
        task, taken = _checked_stores(project, tuple(stores), groups)
        groups = {place: group for place, group in groups.items() if place not in taken}
        if task:
            yield task
    for resource in dict.fromkeys(resource for _, resource in groups):
        yield from _changed(project, resource, {path: group for (path, of), group in groups.items() if of == resource})


def _changed(project: Project, resource: str, groups: dict[str, tuple[Gap, ...]]) -> Iterator[EditTask]:
    """Yield the tasks of one service: one a file, or one for all of them where several files write the same edge."""
    every = tuple(gap for group in groups.values() for gap in group)
    places = {(path, key): value for gap in every for key, value in _decided(gap) for path in _files_of(project, gap)}
    paths = sorted({path for path, _ in places})
    documents = tuple(document for path in paths if (document := project.document(path)))
    if len({key for _, key in places}) < len(places) and len(documents) == len(paths):
        flat = tuple((f"{paths.index(path)}:{key}", value) for (path, key), value in sorted(places.items()))
        yield EditTask("checked-stores", every, documents, needs=_needs(resource, every), decided=flat)
        return
    for path, group in groups.items():
        document = project.document(path)
        if document is not None:
            decided = dict(item for gap in group for item in _decided(gap))
            yield EditTask("changed-dependencies", group, (document,), needs=_needs(resource, group), decided=_sorted(decided))


def _files_of(project: Project, gap: Gap) -> Iterator[str]:
    """Yield each file that writes the edge of a gap: in a set of files the last one counts."""
    stack_id, _, user = gap.resource.rpartition("/")
    name = gap.subject.rpartition("/")[2]
    sets = [stack.files for stack in _stacks(project, stack_id) if gap.primary.path in stack.files]
    for path in dict.fromkeys((gap.primary.path, *(path for files in sets for path in files))):
        document = project.document(path)
        node = find(document.root, "services", user, "depends_on") if document else None
        names = node.keys() if isinstance(node, Mapping) else [scalar.value for scalar in scalars_of(node)]
        if path == gap.primary.path or (name in names and path not in project.owned):
            yield path


def _checked_stores(
    project: Project, absent: tuple[Gap, ...], groups: dict[tuple[str, str], tuple[Gap, ...]]
) -> tuple[EditTask | None, set[tuple[str, str]]]:
    """Return one task for the stores of a stack that get a healthcheck and for everybody who is to wait for them, and the
    groups of other gaps that it takes along: each alone would leave an edge that ignores the check, or waits for none.
    """
    added = {
        gap: (service.name, test)
        for gap in absent
        if (service := _service(project, gap.resource)) and (test := working_healthcheck(service))
    }
    decided: dict[tuple[str, str], str] = {}
    taken: set[tuple[str, str]] = set()
    for gap, (name, test) in added.items():
        decided[gap.primary.path, name] = json.dumps(test)
        for path, user in _edges_to(project, gap, name):
            decided[path, f"{user}/{name}/condition"] = "service_healthy"
            taken |= {place for place in groups if place[0] == path and place[1].rpartition("/")[2] == user}
    joined = tuple(gap for place in sorted(taken) for gap in groups[place])
    for path, resource in sorted(taken):
        decided |= {(path, key): value for gap in groups[path, resource] for key, value in _decided(gap)}
    paths = sorted({path for path, _ in decided})
    documents = tuple(document for path in paths if (document := project.document(path)))
    if not added or len(documents) != len(paths):
        return None, taken
    needs = tuple(dict.fromkeys(need for place in sorted(taken) for need in _needs(place[1], groups[place])))
    flat = tuple((f"{paths.index(path)}:{key}", value) for (path, key), value in sorted(decided.items()))
    return EditTask("checked-stores", (*added, *joined), documents, needs=needs, decided=flat), taken


def _sorted(decided: Decided) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(decided.items()))


def _decided(gap: Gap) -> Iterator[tuple[str, str]]:
    place = f"{gap.resource.rpartition('/')[2]}/{gap.subject.rpartition('/')[2]}"
    if gap.code == "CMP006":
        yield f"{place}/required", "false"
    else:
        yield f"{place}/condition", _CONDITIONS[gap.code]


def _needs(resource: str, group: tuple[Gap, ...]) -> tuple[str, ...]:
    """Return the gaps of awaited services' healthchecks, for which this service would otherwise wait in vain."""
    stack, _, _ = resource.rpartition("/")
    return tuple(
        dict.fromkeys(f"CMP003 {stack}/{gap.subject.rpartition('/')[2]}" for gap in group if "CMP003" in gap.blocked_by)
    )


# --- healthchecks -----------------------------------------------------------------------------------------------------


def _mended(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    for document, resource, group in by_document(project, tuple(gap for gap in gaps if gap.code == "CMP003")):
        service = _service(project, resource)
        offered = all(closer.kind == "edit" for gap in group for closer in gap.closes)
        test = (working_healthcheck(service) or (same_check(project, service) if offered else None)) if service else None
        if service and test:
            yield EditTask("passing-healthcheck", group, (document,), service=service.name, healthcheck=test)


def _edges_to(project: Project, gap: Gap, name: str) -> Iterator[tuple[str, str]]:
    """Yield file and service of every edge that does not wait yet for the service which gets a healthcheck.

    Edges of other sets of files that hold the same service count too: they would ignore the new check.
    """
    for stack in project.stacks:
        awaited = stack.service(name)
        for service in stack.services if awaited and awaited.location == gap.primary else ():
            for edge in service.depends_on:
                if edge.service == name and edge.condition == "service_started" and edge.required:
                    yield (edge.location.path, service.name)


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
