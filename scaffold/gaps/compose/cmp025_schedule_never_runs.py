"""CMP025: cron runs, and its jobs do not: the crontab lies where it never looks or is replaced, or jobs lack what they need."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.compose.image_content import copies_of
from scaffold.gaps.compose.lost_schedules import LostSchedule, lost_schedules
from scaffold.gaps.facts import final_stages, judged_stacks, once, root_image
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.lasting import instructions_of, words_of
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Dockerfile, Project
from scaffold.model.regex import regex
from scaffold.model.values import ImageReference

_CROND = regex(r"(?:^|[\s;&|\"'/\[])crond\b(?P<rest>[^;&|]*)")
_OWN_FOLDER = regex(r"(?:^|\s)-c\s")
_OTHER_CRONS = regex(
    r"\b(?:dcron|cronie|fcron|supercronic|busybox-openrc)\b|\bcrontab\s+[-/\w\"'$<]|/etc/crontabs|/var/spool/cron"
)
"""Other programs, and what brings a crontab to where the one of BusyBox looks."""
_UNREAD = regex(r"/etc/cron(?:\.d/.+|tab)|/etc/cron\.d/?")
_READ = regex(r"/(?:etc/crontabs|var/spool/cron/crontabs)/[^/]+")
_WITH_USER = regex(r"^[ \t]*(?:[\d*/,-]+[ \t]+){5}(?P<user>root|www-data|nobody|app)[ \t]+\S", re.MULTILINE)


@frozen
class _Table:
    """A crontab of the project in a container: where it lies there, and the line that puts it there."""

    target: str
    source: str
    location: Location


def _detect(project: Project) -> Iterator[Gap]:
    return iter(once(gap for stack in judged_stacks(project) for gap in _of_stack(project, stack)))


def _of_stack(project: Project, stack: Stack) -> Iterator[Gap]:
    for service in stack.services:
        yield from (_lost_gap(stack, service, found) for found in lost_schedules(project, service))
        if not _runs_busybox(project, service):
            continue
        tables = tuple(_tables(project, service))
        for table in tables:
            if _UNREAD.fullmatch(table.target) and not any(_READ.fullmatch(other.target) for other in tables):
                yield _unread_gap(stack, service, table)
            elif _READ.fullmatch(table.target) and (user := _user_of(project, table)):
                yield _user_gap(stack, service, table, user)


def _runs_busybox(project: Project, service: Service) -> bool:
    """Whether the container starts the crond of Alpine's BusyBox on its usual folder, and nothing brings another one."""
    dockerfile = project.image_of(service)
    image = root_image(dockerfile, service.made.target) if dockerfile and service.made else service.image
    if image is None or not _is_alpine(image) or (service.build and dockerfile is None):
        return False
    start = _start(service, dockerfile)
    match = _CROND.search(start)
    made = instructions_of(dockerfile) if dockerfile else ""
    return match is not None and not _OWN_FOLDER.search(match["rest"]) and not _OTHER_CRONS.search(f"{start} {made}")


def _is_alpine(image: ImageReference) -> bool:
    return "/" not in image.repository.removeprefix("library/") and (image.name == "alpine" or "alpine" in image.tag)


def _start(service: Service, dockerfile: Dockerfile | None) -> str:
    if service.command or service.entrypoint or dockerfile is None:
        return words_of(service)
    target = service.build_target
    found = (dockerfile.effective(keyword, target) for keyword in ("ENTRYPOINT", "CMD"))
    return " ".join(" ".join(item.argv) or item.text for item in found if item is not None)


def _tables(project: Project, service: Service) -> Iterator[_Table]:
    for mount in service.mounts:
        if mount.resolved is not None:
            yield _Table(mount.target.rstrip("/"), mount.resolved, mount.location)
    dockerfile = project.image_of(service)
    build = service.made
    if dockerfile and build and build.context is not None and final_stages(dockerfile, build.target):
        for copy in copies_of(dockerfile, build.target, build.context):
            name = copy.source.rpartition("/")[2]
            yield _Table(f"{copy.destination}/{name}" if copy.into else copy.destination, copy.source, copy.location)


def _user_of(project: Project, table: _Table) -> str:
    """Return the word that a line of the crontab has in the place of a user, "" where none has."""
    data = next((item.data for item in project.mounted if item.path == table.source), b"")
    match = _WITH_USER.search(data.decode("utf-8", "replace"))
    return match["user"] if match else ""


def _lost_gap(stack: Stack, service: Service, found: LostSchedule) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject=found.subject,
        message=found.message,
        expected=found.expected,
        actual=found.actual,
        locations=(found.location,),
        environment=stack.environment,
        closers=(Closer(None, "advice", f"Give the service {found.expected}, and let a monitor notice missed jobs."),),
    )


def _unread_gap(stack: Stack, service: Service, table: _Table) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="crontab",
        message=f"{service.name}'s jobs never run: the crond of Alpine reads /etc/crontabs alone, and the crontab lies at "
        f"{table.target}.",
        expected="/etc/crontabs/root, without the user in its lines",
        actual=table.target,
        locations=(table.location,),
        environment=stack.environment,
    )


def _user_gap(stack: Stack, service: Service, table: _Table, user: str) -> Gap:
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="crontab/user",
        message=f"{service.name}'s jobs fail each time: a crontab in {table.target.rpartition('/')[0]} has no field for a "
        f"user, so crond starts a program called {user}.",
        expected="lines of five fields and a command",
        actual=f"{user} before the command",
        locations=(table.location,),
        environment=stack.environment,
    )


RULE = Rule(
    code="CMP025",
    name="schedule-never-runs",
    layer=Layer.COMPOSE,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Put the crontab at /etc/crontabs/root, five fields and the command a line, and let a monitor notice missed jobs.",
        ),
    ),
)
