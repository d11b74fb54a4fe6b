"""CMP031: the user of a container may not read the file that it is handed, which a page or script locks for its owner."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase

from scaffold.gaps.facts import in_words, judged_stacks, listed, once
from scaffold.gaps.remembered import remembered
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, Sequence, find, text_of
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.image_users import STARTS_AS
from scaffold.model.lasting import builder_of
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Command, Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.swarm import deployed_to_swarm

_LOCKS = regex(
    r"\bchmod\s+(?:-\w+\s+)*0?[46]00\s+(?P<paths>[^;&|#\n>]+)|\binstall\s+(?P<words>[^;&|#\n>]*?-m\s*0?[46]00\s[^;&|#\n>]+)",
    words=("chmod", "install"),
)
_GIVES = regex(r"\b(?:chown|chgrp|setfacl)\b")
_BY_ROOT = regex(r"\b(?:sudo|become)\b")
_QUOTES = regex(r"[\"']")
_FIRST_PERSON = 1000
"""The first account of a host and the first that an image makes: what one of them locks the other one reads."""
_KNOWN_USERS = {"node": 1000, "nobody": 65534, "nonroot": 65532, "www-data": 33}
_MAKES_USER = regex(r"\b(?:useradd|adduser)\s(?P<words>[^;&|\n]+)")
_GIVEN_NUMBER = regex(r"(?:^|\s)(?:-\w*u|--uid)[ =](?P<uid>\d{1,6})\b")
_NUMBER = regex(r"[0-9]{1,10}")
_LONGEST = 400
"""Characters of a path or pattern that are compared."""


@frozen
class _Locked:
    """A word of a command that makes files readable by their owner alone, and whether that is root for sure."""

    pattern: str
    location: Location
    by_root: bool


@frozen
class _Handed:
    """A file of the host that a service gets: its path there, and the line that hands it over."""

    path: str
    location: Location


@frozen
class _Refused:
    service: Service
    uid: int
    user: Location
    files: tuple[_Handed, ...]
    lock: _Locked


def _detect(project: Project) -> Iterator[Gap]:
    if _locked(project):
        swarm = deployed_to_swarm(project)
        stacks = [stack for stack in judged_stacks(project) if stack.is_runnable_in_production and stack.complete]
        yield from once(gap for stack in stacks if swarm.isdisjoint(stack.files) for gap in _of_stack(project, stack))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    groups: dict[tuple[str, int], list[_Refused]] = {}
    for service in stack.services:
        found = _refused(project, stack, service)
        if found is not None:
            groups.setdefault((found.lock.location.path, found.lock.location.line), []).append(found)
    for group in groups.values():
        yield _gap(stack, group)


def _refused(project: Project, stack: Stack, service: Service) -> _Refused | None:
    """Return the files of a service that its user may not read by the first command that locks them."""
    handed = tuple(_handed(stack, service))
    user = _user(project, stack, service) if handed else None
    if user is None:
        return None
    uid, place = user
    for lock in _locked(project):
        files = tuple(item for item in handed if _is_meant(lock, item.path) and not _is_given_away(project, item.path))
        if files and (uid != _FIRST_PERSON or lock.by_root):
            return _Refused(service, uid, place, files, lock)
    return None


# --- what locks files -------------------------------------------------------------------------------------------------


@remembered
def _locked(project: Project) -> tuple[_Locked, ...]:
    """Return what commands of the project's own make readable by the owner alone, each file by a path with a folder."""
    return tuple(
        lock
        for command in project.commands
        if "00" in command.text and command.location.path not in project.owned
        for lock in _locks(command)
    )


def _locks(command: Command) -> Iterator[_Locked]:
    for match in _LOCKS.finditer(command.text):
        words = _QUOTES.sub("", (match["paths"] or match["words"])[:_LONGEST]).split()
        # `install` names what it makes last.
        for word in words if match["paths"] else words[-1:]:
            pattern = word.removeprefix("./")
            if "/" in pattern and "$" not in pattern:
                by_root = bool(_BY_ROOT.search(command.text)) or pattern.startswith(("/etc/", "/root/"))
                yield _Locked(pattern, command.location, by_root)


def _is_meant(lock: _Locked, path: str) -> bool:
    """Whether a pattern of the shell means a file; a relative one may be written from a folder below the root."""
    wanted, parts = lock.pattern.split("/"), path.split("/")
    is_whole = len(wanted) == len(parts) or (wanted[0] not in {"", "~", ".."} and len(wanted) < len(parts))
    # A star of the shell ends at a slash.
    return is_whole and all(fnmatchcase(part, name) for part, name in zip(parts[-len(wanted) :], wanted, strict=True))


def _is_given_away(project: Project, path: str) -> bool:
    """Whether a command gives the file, or the folder that it is in, to another user or group."""
    folder = posixpath.basename(posixpath.dirname(path))
    names = [name for name in (posixpath.basename(path), folder) if name]
    texts = (command.text for command in project.commands if _GIVES.search(command.text))
    return any(name in text for text in texts for name in names)


# --- what services get ------------------------------------------------------------------------------------------------


def _handed(stack: Stack, service: Service) -> Iterator[_Handed]:
    """Yield the files that a service gets as secrets or by binds of one file."""
    used = service.node.get("secrets")
    for item in used.items if isinstance(used, Sequence) else ():
        source = text_of(find(item, "source")) or text_of(item)
        path = text_of(find(stack.node, "secrets", source, "file")) if source else ""
        if path:
            yield _Handed(_normal(path, stack), item.location)
    for mount in service.mounts:
        if mount.kind == "bind" and mount.source and not mount.target.endswith("/"):
            yield _Handed(_normal(mount.resolved or mount.source, stack if mount.resolved is None else None), mount.location)


def _normal(path: str, stack: Stack | None) -> str:
    folder = stack.directory if stack is not None else ""
    return posixpath.normpath(posixpath.join(folder, path))[:_LONGEST]


# --- whom services run as ---------------------------------------------------------------------------------------------


def _user(project: Project, stack: Stack, service: Service) -> tuple[int, Location] | None:
    """Return the number of the user that a service runs as and where that is said; None for root, or where it is unknown."""
    if service.user:
        number = service.user.partition(":")[0]
        return (int(number), service.location) if _NUMBER.fullmatch(number) and int(number) else None
    builder = _builder(project, stack, service)
    dockerfile = project.image_of(builder)
    if dockerfile is None or builder.made is None:
        known = STARTS_AS.get(service.image.repository) if service.image and not service.made else None
        return (known, service.image_location or service.location) if known else None
    return _last_user(dockerfile, builder.made.target)


def _builder(project: Project, stack: Stack, service: Service) -> Service:
    """Return the service that builds the image: itself, one of the main stack, one of its name in another stack, or the one
    that does so for a service with the same variable for its image.
    """
    builder = builder_of(project, service)
    if builder.made is not None:
        return builder
    twins = (twin for twin in stack.services if twin.image_references and twin.image_references == service.image_references)
    names = (service.name, *(twin.name for twin in twins))
    found = (other for name in names for known in project.stacks if (other := known.service(name)) and other.build)
    return next(found, builder)


def _last_user(dockerfile: Dockerfile, target: str) -> tuple[int, Location] | None:
    """Return the number of the user that an image ends with, and its step; None for root, or where no step shows it."""
    item = dockerfile.effective("USER", target)
    if item is None:
        return None
    name = item.text.partition(":")[0].strip().strip("\"'")
    number = int(name) if _NUMBER.fullmatch(name) else _made(dockerfile, target, name) or _KNOWN_USERS.get(name)
    return (number, item.location) if number else None


def _made(dockerfile: Dockerfile, target: str, name: str) -> int | None:
    """Return the number that a step gives to the user that it makes."""
    texts = (step.text for stage in dockerfile.chain(target) for step in stage.instructions if step.keyword == "RUN")
    for match in (match for text in texts for match in _MAKES_USER.finditer(text)):
        given = _GIVEN_NUMBER.search(match["words"])
        if given and re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", match["words"]):
            return int(given["uid"])
    return None


# --- gaps -------------------------------------------------------------------------------------------------------------


def _gap(stack: Stack, group: list[_Refused]) -> Gap:
    first = group[0]
    services = in_words(found.service.name for found in group)
    files = listed(dict.fromkeys(item.path for found in group for item in found.files))
    run = "runs" if len(group) == 1 else "run"
    numbers = in_words(dict.fromkeys(f"UID {found.uid}" for found in group))
    place = first.lock.location
    return RULE.gap(
        resource=stack.resource(first.service.name),
        subject="readable",
        message=f"{services} {run} as {numbers}, and {place.path}:{place.line} makes {files} readable by the owner on the host"
        " alone: Compose hands a file over with the owner and the mode that it has there, so opening it ends with"
        " `Permission denied`.",
        expected="a file that belongs to the container's user, or to a group of its",
        actual="mode 0600 for another user",
        locations=tuple(dict.fromkeys(found.files[0].location for found in group)),
        related=tuple(dict.fromkeys((place, *(found.user for found in group)))),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP031",
    name="secret-not-readable",
    layer=Layer.COMPOSE,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Give the file to the user of the container in the same step (`chown 1001 FILE`, `chmod 0400 FILE`); `uid`, `gid`"
            " and `mode` of a secret count in a swarm alone.",
        ),
    ),
)
