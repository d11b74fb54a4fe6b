"""CMP027: an application of production keeps its database file, or the files of its users, in its container."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from scaffold.gaps.facts import final_stages, judged_stacks, once
from scaffold.gaps.scaling.scl004_local_state_in_stateless_tier import has_bucket
from scaffold.model.compose import EnvValue, Service, Stack
from scaffold.model.document import text_of
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import APPLICATION, Layer, Role, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_SQLITE = regex(r"(?:django-)?sqlite3?(?:\+\w+)?:///(?P<path>[^?\s]+)|file:(?P<file>\.{0,2}/[^?\s]+\.(?:db|sqlite3?))(?:\?.*)?")
_PASSING = regex(r"CELERY|BROKER|RESULT|CACHE|TEST")
"""Names of databases whose loss loses nothing that lasts."""
_FOLDER = regex(
    r"(?:.*_)?(?:UPLOADS?|UPLOADED|MEDIA|ATTACHMENTS?|USER_FILES)_(?:DIR|DIRECTORY|FOLDER|PATH|ROOT)", re.IGNORECASE
)
_TEMPORARY = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - the folders that are looked for


def _detect(project: Project) -> Iterator[Gap]:
    stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
    return iter(once(gap for stack in stacks for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    bucket = has_bucket(project) or any(service.role is Role.OBJECT_STORE for service in stack.services)
    for service in stack.services:
        if service.role not in APPLICATION or service.node.get("volumes_from") is not None:
            continue
        for entry in service.environment:
            path, what = _kept(entry, bucket=bucket)
            place = _absolute(project, service, path) if path else ""
            if place and not is_below(place, "tmp") and not _is_mounted(project, service, place):
                yield _gap(stack, service, entry, place, what)
                break


def _kept(entry: EnvValue, *, bucket: bool) -> tuple[str, str]:
    """Return the path in which an entry says that data is, and what it is; "" where it says nothing of the kind."""
    value = (entry.value or "").strip()
    database = _SQLITE.fullmatch(value)
    if database and not _PASSING.search(entry.name):
        path = database["path"] or database["file"]
        return ("", "") if ":memory:" in path else (path, "its database")
    if not bucket and _FOLDER.fullmatch(entry.name) and value.startswith("/") and not value.startswith(_TEMPORARY):
        return value, "what people send"
    return "", ""


def _absolute(project: Project, service: Service, path: str) -> str:
    """Return a path of the container without its first slash, "" where it hangs from a folder that is not known."""
    folder = text_of(service.node.get("working_dir"))
    dockerfile = project.image_of(service)
    for stage in reversed(final_stages(dockerfile, service.build.target) if dockerfile and service.build else ()):
        for item in stage.instructions if not folder else ():
            if item.keyword == "WORKDIR":
                folder = posixpath.join(folder or "/", item.text.strip().strip("\"'"))
    if not path.startswith("/") and (not folder or "$" in folder):
        return ""
    return posixpath.normpath(posixpath.join(folder or "/", path)).lstrip("/")


def _is_mounted(project: Project, service: Service, place: str) -> bool:
    """Whether a mount, or a VOLUME of the image, holds the place or something in it."""
    dockerfile = project.image_of(service)
    volumes = [
        word
        for stage in (final_stages(dockerfile, service.build.target) if dockerfile and service.build else ())
        for item in stage.instructions
        if item.keyword == "VOLUME"
        for word in item.text.replace(",", " ").replace('"', " ").strip("[] ").split()
    ]
    targets = [target.strip("/") for target in (*(mount.target for mount in service.mounts), *volumes)]
    return any(target and (is_below(place, target) or is_below(target, place)) for target in targets)


def _gap(stack: Stack, service: Service, entry: EnvValue, place: str, what: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=f"files/{entry.name}",
        message=f"{service.name} keeps {what} at /{place} in its container ({entry.name}), and no volume is there: the next "
        "release, which makes a new container, begins with nothing.",
        expected=f"a named volume at /{posixpath.dirname(place) if what == 'its database' else place}",
        actual="no volume",
        locations=(entry.location,),
        related=(service.location,),
        severity=Severity.MEDIUM if entry.references else Severity.HIGH,
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP027",
    name="application-loses-files",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy what is there out of the container (`docker cp`), mount a named volume at the place, and put it back.",
        ),
    ),
)
