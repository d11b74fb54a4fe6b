"""IMG001: a service is built from a Dockerfile or a context that is not there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import has_submodules, in_words, is_generated, judged_stacks, once
from scaffold.model.compose import Build, Service, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Dockerfile, Project


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    found: dict[str, list[Service]] = {}
    for service in stack.services:
        build = service.build
        if build is None or build.remote or build.inline or build.context is None or has_submodules(project):
            continue
        if service.location.path in project.owned:  # A service of ours repeats the build of theirs, which is judged itself.
            continue
        missing = _missing(project, build)
        if missing and not is_generated(project, missing) and not _is_ignored(project, missing):
            found.setdefault(missing, []).append(service)
    for missing, services in found.items():
        yield _gap(project, stack, services, missing)


def _missing(project: Project, build: Build) -> str:
    """Return the context or the Dockerfile that is not there, or ""."""
    if build.context and not project.exists(build.context):
        return build.context
    return build.dockerfile if build.dockerfile and not project.exists(build.dockerfile) else ""


def _is_ignored(project: Project, path: str) -> bool:
    """Whether git ignores a path; of a folder that is not there it tells so by a file in it."""
    inside = f"{path}/Dockerfile"
    return any(name in {path, inside} or path.startswith(f"{name}/") for name, _ in project.ignored)


def _gap(project: Project, stack: Stack, services: list[Service], missing: str) -> Gap:
    builds = [service.build for service in services if service.build]
    is_context = missing == builds[0].context
    near = None if is_context else nearest_dockerfile(project, missing)
    hint = f"; {near.path} has that name" if near else ""
    what = "the context" if is_context else "the Dockerfile"
    names = in_words(service.name for service in services)
    return RULE.gap(
        resource=stack.resource(services[0].name),
        subject="build/context" if is_context else "build/dockerfile",
        message=f"{names} cannot be built: {what} {missing} is not in this repository{hint}.",
        expected=near.path if near else "a path that exists",
        actual=missing,
        locations=tuple(build.context_location if is_context else build.dockerfile_location for build in builds),
        related=(Location(near.path, 1),) if near else (),
        environment=stack.environment,
        closers=_closers(project, builds[0], near) if near else None,
    )


def nearest_dockerfile(project: Project, missing: str) -> Dockerfile | None:
    """Return the Dockerfile with the same file name that is nearest to the root, or None."""
    name = missing.rpartition("/")[2]
    found = [item for item in project.dockerfiles if item.path.rpartition("/")[2] == name]
    return min(found, key=lambda item: (item.path.count("/"), item.path), default=None)


def _closers(project: Project, build: Build, near: Dockerfile) -> tuple[Closer, ...]:
    """Return the edit where one Dockerfile has the name and copies from the context of the build, else the advice."""
    named = [item for item in project.dockerfiles if item.path.rpartition("/")[2] == near.path.rpartition("/")[2]]
    if len(named) == 1 and build.context is not None and _copies_from(project, near, build.context):
        return (Closer(Room.EDITS, "edit"),)
    return (Closer(None, "advice", _advice(build, near)),)


def _copies_from(project: Project, dockerfile: Dockerfile, context: str) -> bool:
    """Whether everything that the Dockerfile copies is in the context, so that this is the folder it was written for."""
    sources = [
        word.rstrip("/")
        for stage in dockerfile.stages
        for item in stage.instructions
        if item.keyword in {"COPY", "ADD"} and not any(flag.startswith("--from") for flag in item.flags)
        for word in item.text.split()[:-1]
    ]
    plain = [source for source in sources if not re.search(r"[*?\[$:]", source)]
    return all(project.exists(posixpath.normpath(posixpath.join(context, source))) for source in plain)


def _advice(build: Build, near: Dockerfile) -> str:
    context = build.context or ""
    inside = near.path.removeprefix(f"{context}/") if context else near.path
    return f"Write `dockerfile: {inside}` under `build`."


RULE = Rule(
    code="IMG001",
    name="build-file-missing",
    layer=Layer.IMAGE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(Closer(None, "advice", "Correct `context` and `dockerfile` under `build`, or add the Dockerfile."),),
)
