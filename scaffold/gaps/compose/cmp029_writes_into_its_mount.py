"""CMP029: an application of production writes where a mount of its service lets nobody write, or no file be replaced."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.cmp027_application_loses_files import database_file
from scaffold.gaps.compose.kept_in_code import Kept, absolute, mount_of, stores_of
from scaffold.gaps.facts import judged_stacks, may_run_in_production, once
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_code import is_in_image, runs_code
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, Layer, Severity
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex


@frozen
class _Blocked:
    """What a service writes, the mount that is in the way, and what comes of it."""

    kept: Kept
    mount: Mount
    fault: str
    effect: str


_BY_HAND = regex(r"(?:^|/)(?:cmd|scripts?|bin|tools|cli)/")
_READ_ONLY = "is mounted read-only"


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        binds = [mount for mount in service.mounts if mount.read_only or mount.kind == "bind"]
        if service.role not in APPLICATION or not binds or not runs_code(project, builder_of(project, service)):
            continue
        found = next(_blocked(project, stack, service), None)
        if found is not None:
            yield _gap(stack, service, found)


def _blocked(project: Project, stack: Stack, service: Service) -> Iterator[_Blocked]:
    for entry in service.environment:
        path = database_file(entry)
        place = absolute(project, service, path) if path else ""
        yield from _under(service, Kept(f"/{place}", "its database", entry.location, is_certain=True)) if place else ()
    for kept in stores_of(project, stack, service):
        yield from _under(service, kept)
    facts = [fact for fact in project.code_facts if fact.kind == "writes-named" and may_run_in_production(fact)]
    # Beside a server stand the programs that people start by hand.
    for fact in sorted(facts, key=lambda fact: bool(_BY_HAND.search(fact.location.path))):
        yield from _file(project, service, fact)


def _under(service: Service, kept: Kept) -> Iterator[_Blocked]:
    mount = mount_of(service, kept.place.lstrip("/"))
    if mount is not None and mount.read_only:
        yield _Blocked(kept, mount, f"{mount.target} {_READ_ONLY}", "every write of it fails")


def _file(project: Project, service: Service, fact: CodeFact) -> Iterator[_Blocked]:
    """Yield a file that code writes by its name, and that a mount of one file brings."""
    word, path = fact.detail.split(" ", 1)
    builder = builder_of(project, service)
    place = absolute(project, builder, path)
    mount = mount_of(service, place) if place and is_in_image(project, builder, fact.location.path) else None
    if mount is None or posixpath.normpath(mount.target).lstrip("/") != place:
        return
    kept = Kept(f"/{place}", "what it learns", fact.location, is_certain=True)
    if mount.read_only:
        yield _Blocked(
            kept, mount, f"it {_READ_ONLY}", "what it writes there is never kept, and an older file comes back with each start"
        )
    elif word == "renames":
        yield _Blocked(
            kept,
            mount,
            "it is mounted as one file",
            "renaming another file to it fails (EBUSY), as a mount point cannot be replaced",
        )


def _gap(stack: Stack, service: Service, found: _Blocked) -> Gap:
    kept = found.kept
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"writes{found.mount.target}",
        message=f"{service.name} keeps {kept.what} at {kept.place}, and {found.fault}: {found.effect}.",
        expected="a volume or a folder that the service may write to at that place",
        actual=found.fault,
        locations=(found.mount.location,),
        related=(kept.location,),
        severity=Severity.MEDIUM,
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP029",
    name="writes-into-its-mount",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Let the code write to a folder of its own with a named volume, keep what is mounted read-only for what it reads, "
            "and mount the folder of a file that is replaced, not the file.",
        ),
    ),
)
