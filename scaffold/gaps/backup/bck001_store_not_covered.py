"""BCK001: other stores are backed up, this one is not."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, copies_whole_host, is_covered, signals, surroundings, their_signals
from scaffold.gaps.backup.files import DATA, FILES, Kept, is_named, kept_files, said
from scaffold.gaps.backup.keys import forgotten_keys
from scaffold.gaps.facts import listed
from scaffold.gaps.scaling.scl004_local_state_in_stateless_tier import has_bucket
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.compose import Service, Stack
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Cause, Layer, Role, Severity
from scaffold.model.other_stores import other_store
from scaffold.model.project import Project
from scaffold.model.regex import regex

_WAYS = {
    Role.POSTGRES: "pg_dump in custom format",
    Role.MYSQL: "mysqldump --single-transaction",
    Role.MONGO: "mongodump",
    Role.REDIS: "redis-cli --rdb",
    Role.VECTOR_DB: "a copy of its volume while it is stopped, or its snapshot API",
}


_PACKS_FOLDERS = regex(r"\btar\s+-?\w*c|\brsync\s|\bzip\s+-\w*r|\bcp\s+-\w*[raR]|\brestic\b|\bdocker\s+cp\b|\bborg\s+create\b")
"""Commands that copy folders, whatever variables name them."""


def _detect(project: Project) -> Iterator[Gap]:
    found = signals(project)
    copied = {service.name for service in stores_to_copy(project)}
    for stack, service in durable_stores(project):
        # Where nothing is backed up yet, only what will stay uncovered is worth a line beside BCK000.
        stays = bool(copied) and service.name not in copied
        if not is_covered(project, service, found) and (found or stays):
            ours = stack is project.main_stack and service.name in copied
            yield _gap(stack, service, found, BY_FILES if ours else None)
    yield from _files(project, found)
    if durable_stores(project):
        yield from _keys(project, found)


def _keys(project: Project, found: tuple[Signal, ...]) -> Iterator[Gap]:
    """Yield one gap for the keys of encrypted data that neither the project's own backups nor its pages on recovery name."""
    theirs = their_signals(project)
    forgotten = forgotten_keys(project, surroundings(project, found) if theirs else "")
    if forgotten:
        names = listed(name for name, _ in forgotten)
        them = "them" if len(forgotten) > 1 else "it"
        yield RULE.gap(
            resource="backup",
            subject="keys",
            message=f"Neither the backups nor the pages on recovery of this repository name {names}: what the application"
            f" encrypted with {them} cannot be read after a restore on another host.",
            expected="a copy of the keys, apart from the copies of the data, and a line on it beside the restore steps",
            actual="no word on the keys",
            locations=without_repeats(place for _, place in forgotten),
            environment=main_environment(project),
            closers=(
                Closer(None, "advice", "Keep the keys in a vault apart from the copies, and say in the recovery steps where."),
            ),
        )


def _files(project: Project, found: tuple[Signal, ...]) -> Iterator[Gap]:
    """Yield one gap for the database files and uploads of applications that the project's own backups name nowhere."""
    theirs = their_signals(project)
    if not theirs:
        return
    beside = surroundings(project, found)
    reached = frozenset(place for signal in found for place in signal.reach or ())
    whole = any(copies_whole_host(signal) for signal in found)
    passing = {FILES, DATA} if _PACKS_FOLDERS.search(beside) else set()
    kept = [item for item in kept_files(project) if item.what not in passing and _is_filled(project, item)]
    left = [item for item in kept if item.place not in reached and not is_named(item, beside)]
    if left and not whole:
        yield RULE.gap(
            resource="backup",
            subject="files",
            message=f"The backups of this repository leave out {said(left)}: what they hold is lost with the volume.",
            expected="a copy of these files by the same schedule",
            actual="no command beside the backups names the volume, the folder or its place",
            locations=without_repeats(kept.service.location for kept in left),
            related=without_repeats(signal.location for signal in theirs),
            environment=main_environment(project),
            closers=(
                Closer(None, "advice", "Add the volume to what the backup copies, and restore it once with the database."),
            ),
        )


def _is_filled(project: Project, kept: Kept) -> bool:
    """Whether a folder of files has any: beside settings for a bucket it may stay empty, unless code chooses it by itself."""
    if kept.what != FILES or not has_bucket(project):
        return True
    given = {
        entry.name for stack in project.production_stacks or (kept.stack,) for s in stack.services for entry in s.environment
    }
    facts = (fact.detail.split(" ", 2) for fact in project.code_facts if fact.kind == "kept-files")
    return any(
        kind == "attached" and name not in given and kept.target.endswith(place.removeprefix("work:").join(("/", "")))
        for kind, name, place in facts
    )


def _is_kept(service: Service) -> bool:
    return any(mount.kind != "tmpfs" for mount in service.mounts)


def _message(service: Service, found: tuple[Signal, ...]) -> str:
    lost = "its volume" if _is_kept(service) else "its container, for it mounts no volume"
    if not found:
        return f"Nothing here copies {service.name}, nor would a generated backup: what it holds is lost with {lost}."
    return f"The backups of this repository leave out {service.name}: what it holds is lost with {lost}."


def _gap(stack: Stack, service: Service, found: tuple[Signal, ...], closers: tuple[Closer, ...] | None) -> Gap:
    other = other_store(service)
    way = other.way if other else _WAYS.get(service.role, "a copy of its volume") if service.role else "a copy of its volume"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="backup",
        kind="" if _is_kept(service) else "no volume",
        message=_message(service, found),
        expected=way,
        actual="not covered by the backups that exist" if found else "no backup covers it",
        locations=(service.location,),
        related=without_repeats(signal.location for signal in found),
        environment=stack.environment,
        closers=closers,
    )


RULE = Rule(
    code="BCK001",
    name="store-not-covered",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None, "advice", "Add the store to the script that backs up the others, and restore it once to see that it works."
        ),
    ),
    cause=Cause.STACK,
)
