"""Where the code of a service keeps files and its database, as places of its container."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copies_of
from scaffold.gaps.facts import final_stages, may_run_in_production
from scaffold.gaps.scaling.scl004_local_state_in_stateless_tier import has_bucket
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.document import Location, text_of
from scaffold.model.frozen import frozen
from scaffold.model.image_code import given_names, is_in_image, runs_code
from scaffold.model.known import known
from scaffold.model.lasting import builder_of
from scaffold.model.names import APPLICATION, Role
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_DATABASES = frozenset({Role.POSTGRES, Role.MYSQL, Role.MONGO, Role.CLICKHOUSE})
_LINKS = regex(r"\bln\s+-\w*s|\bmount\s+-")
_MEMBER = regex(
    r"\b(?:npm\b[^\n&|;]*\s(?:--workspace|-w)[= ]|pnpm\b[^\n&|;]*\s(?:--filter|-F)[= ]|yarn\s+workspace\s)\s*[\"']?"
    r"(?P<name>[@\w./-]+)|\bp?npm\b[^\n&|;]*\s(?:--prefix|--dir|-C)[= ]\s*[\"']?(?P<folder>[\w./-]+)",
    words=("npm", "yarn"),
)
"""How a package manager is told in which package of the repository it starts a script."""
_BESIDE = regex(
    r"/(?:etc|run|var/run|var/log|tmp|proc|sys)(?:/.*)?|.*\.(?:\w{2,5}|sock)|.*/(?:node_modules|logs?|\.cache)(?:/.*)?"
)
"""Targets of mounts that hold settings, logs or libraries, and no files of people."""


@frozen
class Kept:
    """What code keeps in the container of a service: where, what, and the line that says so."""

    place: str
    what: str
    location: Location
    is_certain: bool
    """Whether no variable that an env file may set names another place."""


def keeps_in_bucket(project: Project, stack: Stack) -> bool:
    """Whether files of people may go to a bucket, of the project or of a service of the stack."""
    return has_bucket(project) or known(_has_object_store, stack)


def _has_object_store(stack: Stack) -> bool:
    return any(service.role is Role.OBJECT_STORE for service in stack.services)


def kept_by_code(project: Project, stack: Stack, service: Service, *, bucket: bool) -> Kept | None:
    """Return the first place at which the code of a service keeps something and no mount of its stack holds it, or None."""
    builder = builder_of(project, service)
    found = (
        _kept(project, stack, service, fact)
        for fact in _facts(project, service)
        if _is_used(project, stack, builder, fact, bucket=bucket)
    )
    return next((kept for kept in found if kept is not None), None)


def stores_of(project: Project, stack: Stack, service: Service) -> Iterator[Kept]:
    """Yield every place at which the code of a service keeps something, where it is known, mounted or not."""
    for fact in _facts(project, service):
        kind, variable, place = fact.detail.split(" ", 2)
        builder = builder_of(project, service)
        taken = kind == "database" or _is_used(project, stack, builder, fact, bucket=False)
        if taken and (variable == "-" or _is_left_out(project, stack, service, variable)):
            where = place_in_container(project, builder, place)
            if where:
                yield Kept(f"/{where}", _what(kind), fact.location, is_certain=variable == "-")


def _facts(project: Project, service: Service) -> list[CodeFact]:
    """Return the facts of what code keeps that hold for the image of a service."""
    facts = [fact for fact in project.code_facts if fact.kind == "kept-files" and may_run_in_production(fact)]
    builder = builder_of(project, service)
    if not facts or not runs_code(project, builder) or _has_links(project, builder):
        return []
    return [fact for fact in facts if is_in_image(project, builder, fact.location.path)]


def _what(kind: str) -> str:
    return "its database" if kind == "database" else "what people send"


def _has_links(project: Project, service: Service) -> bool:
    """Whether a step of the image, or a script that may start it, links or mounts folders: places are not what they seem."""
    dockerfile = project.image_of(service)
    steps = (item.text for stage in dockerfile.stages for item in stage.instructions) if dockerfile else ()
    scripts = (command.text for command in project.commands if command.context == "script")
    return any(_LINKS.search(text) for text in (*steps, *scripts))


def _is_used(project: Project, stack: Stack, service: Service, fact: CodeFact, *, bucket: bool) -> bool:
    """Whether the service takes what the place is for: by code of its image, or as a database where the stack has no other."""
    kind = fact.detail.partition(" ")[0]
    if kind == "database":
        return not any(other.has_role(*_DATABASES) for other in stack.services)
    if bucket and kind in {"files", "media"}:
        return False
    takers = (
        taker
        for taker in project.code_facts
        if taker.kind == "takes-files" and taker.detail == kind and may_run_in_production(taker)
    )
    return any(is_in_image(project, service, taker.location.path) for taker in takers)


def _kept(project: Project, stack: Stack, service: Service, fact: CodeFact) -> Kept | None:
    kind, variable, place = fact.detail.split(" ", 2)
    if variable != "-" and not _is_left_out(project, stack, service, variable):
        return None
    where = place_in_container(project, builder_of(project, service), place)
    if _may_be_mounted(project, stack, service, fact, where):
        return None
    shown = f"/{where}" if where else place.partition(":")[2]
    return Kept(shown, _what(kind), fact.location, is_certain=variable == "-" or not service.env_files)


def _is_left_out(project: Project, stack: Stack, service: Service, variable: str) -> bool:
    """Whether nothing gives the service a variable, with a prefix of its settings or without: neither Compose nor its image,
    nor an env template.
    """
    names = {entry.name for entry in service.environment} | given_names(project, stack, service)
    names |= {entry.name for file in project.env_files for entry in file.entries if not entry.commented}
    return not any(name == variable or name.endswith(f"_{variable}") for name in names)


def place_in_container(project: Project, service: Service, place: str) -> str:
    """Return a place of code as a path of the container without its first slash, "" where the files do not tell it."""
    kind, _, path = place.rpartition(":")
    if kind == "code":
        return _copied(project, service, path)
    return absolute(project, service, path) if kind != "name" else ""


def _copied(project: Project, service: Service, path: str) -> str:
    """Return where a path of the repository is in the image, by the copies of the stage that runs."""
    dockerfile, build = project.image_of(service), service.made
    if dockerfile is None or build is None or build.context is None:
        return ""
    for copy in copies_of(dockerfile, build.target, build.context):
        is_folder = copy.source in project.directories or copy.source == "."
        if is_folder and "$" not in copy.source + copy.destination and is_below(path, copy.source):
            return posixpath.normpath(posixpath.join(copy.destination, posixpath.relpath(path, copy.source))).lstrip("/")
    return ""


def absolute(project: Project, service: Service, path: str) -> str:
    """Return a path of the container without its first slash, "" where it hangs from a folder that is not known."""
    folder = text_of(service.node.get("working_dir")) or _work_folder(project, service)
    folder = posixpath.join(folder, _member(project, service)) if folder else ""
    if not path.startswith("/") and (not folder or "$" in folder):
        return ""
    return posixpath.normpath(posixpath.join(folder or "/", path)).lstrip("/")


def _work_folder(project: Project, service: Service) -> str:
    folder = ""
    dockerfile = project.image_of(service)
    for stage in reversed(final_stages(dockerfile, service.made.target) if dockerfile and service.made else ()):
        for item in stage.instructions:
            if item.keyword == "WORKDIR":
                folder = posixpath.join(folder or "/", item.text.strip().strip("\"'"))
    return folder


def _member(project: Project, service: Service) -> str:
    """Return the folder of the package in which a package manager starts a service, "" where it stays where it is."""
    dockerfile = project.image_of(service)
    target = service.made.target if service.made else ""
    started = dockerfile.effective("CMD", target) if dockerfile else None
    words = service.command or (started.argv if started else ()) or ((started.text,) if started else ())
    match = _MEMBER.search(" ".join(words))
    if match is None:
        return ""
    if match["folder"]:
        return match["folder"]
    name = match["name"].removeprefix("./")
    named = [item for item in project.manifests if item.ecosystem == "node" and name in {item.name, item.folder}]
    context = (service.made.context or "") if service.made else ""
    return posixpath.relpath(named[0].folder or ".", context or ".") if len(named) == 1 else ""


def mount_of(service: Service, place: str) -> Mount | None:
    """Return the mount of a service that holds a place: the nearest above it."""
    above = [mount for mount in service.mounts if (target := mount.target.strip("/")) and is_below(place, target)]
    return max(above, key=lambda mount: len(mount.target.strip("/")), default=None)


def is_mounted(project: Project, service: Service, place: str) -> bool:
    """Whether a mount, or a VOLUME of the image, holds the place or something in it."""
    targets = [target.strip("/") for target in (*(mount.target for mount in service.mounts), *_volumes(project, service))]
    return any(target and (is_below(place, target) or is_below(target, place)) for target in targets)


def _volumes(project: Project, service: Service) -> Iterator[str]:
    """Yield the VOLUMEs of the image."""
    dockerfile = project.image_of(service)
    for stage in final_stages(dockerfile, service.made.target) if dockerfile and service.made else ():
        for item in stage.instructions:
            if item.keyword == "VOLUME":
                yield from item.text.replace(",", " ").replace('"', " ").strip("[] ").split()


def _may_be_mounted(project: Project, stack: Stack, service: Service, fact: CodeFact, where: str) -> bool:
    """Whether a mount of the service, or of another one with the same code, holds the place; any folder may where it is not
    known.
    """
    for other in stack.services:
        builder = builder_of(project, other)
        if other.name != service.name and not (other.role in APPLICATION and is_in_image(project, builder, fact.location.path)):
            continue
        if where and is_mounted(project, other, where):
            return True
        folders = [*(mount.target for mount in other.mounts if not _BESIDE.fullmatch(mount.target)), *_volumes(project, other)]
        if not where and folders:
            return True
    return False
