"""SCL006: several processes of production write to one SQLite file, which lets one write at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.compose.cmp027_application_loses_files import database_file
from scaffold.gaps.compose.kept_in_code import absolute
from scaffold.gaps.facts import judged_stacks, once, production_or_all
from scaffold.gaps.scaling.copies import PROCESSES
from scaffold.model.compose import EnvValue, Mount, Service, Stack
from scaffold.model.document import Location, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import awaited_jobs, builder_of
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below, start_of

_WRITERS = frozenset({Role.WEB, Role.WORKER, Role.SCHEDULER})
_SERVER = regex(r"\b(?:postgres(?:ql)?|mysql|mariadb)(?:\+\w+)?://", re.IGNORECASE)


@frozen
class _Writer:
    """A service that opens the file, in how many processes, and where the variable and the number stand."""

    service: Service
    entry: EnvValue
    processes: int
    shown: Location


def _detect(project: Project) -> Iterator[Gap]:
    if any(fact.kind == "sqlite-waits" for fact in project.code_facts):
        return iter(())
    stacks = production_or_all(stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete)
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    files: dict[tuple[str, str], list[_Writer]] = {}
    ends = awaited_jobs(stack)
    for service in stack.services:
        if service.role in _WRITERS and service.name not in ends:
            for entry in service.environment:
                file = database_file(entry)
                place = absolute(project, builder_of(project, service), file) if file else ""
                mount = _mount_of(service, place) if place else None
                if mount is not None:
                    key = (mount.source or mount.target, place.removeprefix(mount.target.strip("/")))
                    files.setdefault(key, []).append(_writer(project, service, entry))
    for writers in files.values():
        if sum(writer.processes for writer in writers) > 1:
            yield _gap(project, stack, writers)


def _mount_of(service: Service, place: str) -> Mount | None:
    """Return the mount that holds the file; what no mount holds each container has for itself."""
    held = (mount for mount in service.mounts if mount.target and is_below(place, mount.target.strip("/")))
    return next(held, None)


def _writer(project: Project, service: Service, entry: EnvValue) -> _Writer:
    start = start_of(project, service)
    found = ((match, place) for line, place in (start.lines if start else ()) if (match := PROCESSES.search(line)))
    match, place = next(found, (None, service.location))
    count = int(match["count"]) if match else 1
    given = service.env("WEB_CONCURRENCY")
    if match is None and given is not None and (given.value or "").isdigit():
        count, place = int(given.value or "1"), given.location
    node = find(service.node, "deploy", "replicas") or find(service.node, "scale")
    copies = int(text_of(node)) if text_of(node).isdigit() else 1
    return _Writer(service, entry, count * copies, node.location if node and copies > 1 else place)


def _gap(project: Project, stack: Stack, writers: list[_Writer]) -> Gap:
    total = sum(writer.processes for writer in writers)
    names = " and ".join(f"{writer.service.name} ({writer.processes})" for writer in writers)
    first = writers[0].entry
    other = _other_database(project, stack, first)
    told = f" The server that {other.path}:{other.line} names for {first.name} is never used." if other else ""
    return RULE.gap(
        resource=stack.extends_stack or stack.id,
        subject=f"sqlite/{first.name}",
        message=f"{total} processes open one SQLite file, {names}: one of them writes at a time, and under load the others "
        f"fail with `database is locked`.{told}",
        expected="a database server, or one process that writes",
        actual=f"SQLite in {first.name}",
        locations=tuple(dict.fromkeys(writer.entry.location for writer in writers)),
        related=tuple(dict.fromkeys((*(writer.shown for writer in writers), *((other,) if other else ())))),
        severity=Severity.LOW if first.references else Severity.MEDIUM,
        environment=stack.environment,
    )


def _other_database(project: Project, stack: Stack, entry: EnvValue) -> Location | None:
    """Return where a comment of the stack's files, or an env template, gives the variable the address of a server."""
    if entry.references:
        return None
    for path in stack.files:
        for number, line in enumerate((project.source(path) or "").splitlines(), 1):
            head, sign, comment = line.partition("#")
            if sign and not head.strip() and entry.name in comment and _SERVER.search(comment):
                return Location(path, number)
    for file in project.env_files:
        for item in file.entries:
            if item.name == entry.name and _SERVER.match(item.value):
                return item.location
    return None


RULE = Rule(
    code="SCL006",
    name="database-file-shared",
    layer=Layer.SCALING,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Move to PostgreSQL, or let one process write; until then turn on `PRAGMA journal_mode=WAL` and a `busy_timeout`.",
        ),
    ),
)
