"""PostgreSQL servers that archive their write-ahead log, where nothing takes the base backup that it is replayed over."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.facts import is_test_path, judged_stacks
from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.names import Role
from scaffold.model.project import Command, Project
from scaffold.model.regex import regex

_ARCHIVES = regex(r"\barchive_mode\s*=\s*(?:on|always)\b", words=("archive_mode",))
_COPIES_BESIDE = regex(
    r"\barchive_command\s*=\s*[\"']?(?:test\s[^&\n]{0,200}&&\s*)?(?:cp|gzip|install)\s", words=("archive_command",)
)
_BASE = regex(
    r"\bpg_basebackup\b|\bpgbackrest\b|\bwal-g\b|\bwal-e\b|\bbarman\b|\bpg_probackup\b|\bpg_backup_start\b|\bpg_start_backup\b",
    words=("pg_basebackup", "pgbackrest", "wal-", "barman", "pg_probackup", "pg_backup_start", "pg_start_backup"),
)
_PRUNES = regex(
    r"\bpg_archivecleanup\b|\b(?:find|tmpreaper)\b[^\n]{0,200}wal[^\n]{0,200}-delete|\brm\b[^\n]{0,200}wal",
    words=("pg_archivecleanup", "wal"),
)
_TRIES = regex(r"(?i)drill|rehears|trial|synthetic|sandbox")
"""Words of scripts that try a recovery with a server of their own."""
_WORKS = frozenset({"script", "makefile", "workflow", "package", "playbook", "dockerfile", "server"})


@frozen
class Unbased:
    """A server that archives, where it says so, the trial that takes a base backup, and whether the archive only grows."""

    stack: Stack
    service: Service
    location: Location
    trial: Location | None
    grows: bool


def unbased_archives(project: Project) -> Iterator[Unbased]:
    """Yield the first server of each stack that may run in production whose archive nothing can be restored from."""
    found = [
        (stack, service) for stack in judged_stacks(project) if stack.is_runnable_in_production for service in _archiving(stack)
    ]
    if not found or any(_BASE.search(text) for text in _of_stacks(project)):
        return
    commands = [item for item in project.commands if item.context in _WORKS and not is_test_path(item.location.path)]
    takers = [item for item in commands if _BASE.search(item.text)]
    if any(not _TRIES.search(item.location.path) for item in takers):
        return
    pruned = any(_PRUNES.search(item.text) for item in commands if not _TRIES.search(item.location.path))
    for stack, service in found:
        text = " ".join(service.command or ())
        place = service.command_location or service.location
        yield Unbased(stack, service, place, _first(takers), bool(_COPIES_BESIDE.search(text)) and not pruned)


def _archiving(stack: Stack) -> Iterator[Service]:
    for service in stack.services:
        if service.role is Role.POSTGRES and _ARCHIVES.search(" ".join(service.command or ())):
            yield service


def _of_stacks(project: Project) -> Iterator[str]:
    """Yield the images and commands of all services: some of them copy a server as a whole."""
    for stack in project.stacks:
        for service in stack.services:
            image = f"{service.image.repository} " if service.image else ""
            yield image + " ".join((*(service.entrypoint or ()), *(service.command or ())))


def _first(takers: list[Command]) -> Location | None:
    return takers[0].location if takers else None
