"""Dumps that are written inside a container, at a place that no mount holds and from which nothing takes them."""

from __future__ import annotations

import re
from collections.abc import Callable

from scaffold.model.compose import Service
from scaffold.model.dumpers import DUMPER
from scaffold.model.frozen import frozen
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex
from scaffold.model.starting import is_below

_EXEC = regex(
    r"\bdocker(?:[ -]compose\b[^\n|;&]*?)?\s+exec\s+(?:-\w+\s+(?:[A-Z_]+=\S+\s+)?|--\w[\w-]*(?:=\S+)?\s+)*"
    r"(?P<name>\w[\w.-]*)\s(?P<inside>.*)"
)
_WRITES = regex(
    rf"\b{DUMPER}\b[^|;&>]*?"
    r"(?:\s-f\s*|\s--file[= ]|\s--out[= ]|\s-o\s+|--archive=|--result-file=)"
    r"[\"']?(?P<path>/[\w.${}()%+:/ -]*?)(?=[\"'\s]|$)"
)
_REDIRECTS = regex(rf"\b(?:sh|bash)\s+-\w*c\s+(?P<quote>[\"']).*?\b{DUMPER}\b[^\"']*?>\s*(?P<path>/[\w./-]+)[^\"']*(?P=quote)")
_TAKEN = regex(r"\bdocker\b[^\n]*\bcp\b|\b(?:aws|rclone|gsutil|mc|scp|rsync|curl)\s|\bcat\s|\bpg_restore\b|\bmongorestore\b")
"""What takes a dump out of the container, or reads it there at once."""


@frozen
class Misled:
    """A command that backs up what is not there: what is wrong with it, and the key of the finding."""

    command: Command
    subject: str
    message: str
    expected: str
    actual: str


def kept_in_the_container(project: Project, command: Command, beside: Callable[[Project, Command], str]) -> Misled | None:
    """Return what is wrong with a dump that stays in the container in which it is made; `beside` gives what the page's section
    or the script does as well.
    """
    match = _EXEC.search(command.text)
    written = (_WRITES.search(match["inside"]) or _REDIRECTS.search(match["inside"])) if match else None
    services = _services(project, match["name"]) if match and written else ()
    if not match or not written or not services or _TAKEN.search(beside(project, command)):
        return None
    path = written["path"]
    if any(
        is_below(path.strip("/"), mount.target.strip("/"))
        for service in services
        for mount in service.mounts
        if mount.target != "/"
    ):
        return None
    return Misled(
        command,
        "copies/container",
        f"The dump is written to {path} inside the container of {match['name']}, where no mount is, and nothing takes it out:"
        " it goes with the container, at the next update or `docker compose down`.",
        "a dump that is redirected on the host, or a place that a mount of another disk holds",
        path,
    )


def is_container_of(service: str, name: str) -> bool:
    """Whether a container's name is that of a service, also with a project before it and a number after it."""
    return re.search(rf"(?:^|[-_]){re.escape(service)}(?:[-_]\d+)?$", name) is not None


def _services(project: Project, name: str) -> tuple[Service, ...]:
    """Return the services of all stacks that a name of a service or container means."""
    found = [service for stack in project.stacks for service in stack.services]
    named = [service for service in found if is_container_of(service.name, name)]
    return tuple(named) or tuple(service for service in found if name in service.names)
