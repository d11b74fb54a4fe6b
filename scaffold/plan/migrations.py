"""Services that migrate a database whenever they start: what a job can do before them, and which have to stay one copy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scaffold.model.compose import Service, Stack
from scaffold.model.document import Location, scalars_of
from scaffold.model.frozen import frozen
from scaffold.model.lasting import awaited_jobs
from scaffold.model.names import Role
from scaffold.model.project import Instruction, Project
from scaffold.model.regex import regex
from scaffold.model.starting import RUNS, RUNS_ITSELF, Migration, migration_of

_ENDS = frozenset({Role.ONE_SHOT, Role.E2E, Role.MOCK})
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_QUOTED = regex(r"'[^']*'|\"[^\"$`]*\"")
_NOT_IN_A_ROW = regex(r"[|&(){}<>`]|\$\(|^\s*(?:if|for|while|until|case|exec|trap)\b")
"""What makes the part of a line before the server more than commands that run one after the other and end."""
ONE_COPY = "its start migrates the database, and two copies that start together change the same tables"


@frozen
class StartMigration:
    """A service that migrates at its start: the command of a job that does so before, () where it cannot be taken apart."""

    service: str
    words: tuple[str, ...]
    location: Location
    locked: bool
    """Whether the tool lets one copy after the other migrate."""


def start_migrations(project: Project, stack: Stack) -> dict[str, StartMigration]:
    """Return the services of a stack that migrate at their start and run on, by name."""
    awaited = awaited_jobs(stack)
    running = (item for item in stack.services if item.role not in _ENDS and item.name not in awaited)
    found = ((service, migration_of(project, service)) for service in running)
    return {service.name: _start_migration(project, service, how) for service, how in found if how}


def _start_migration(project: Project, service: Service, how: Migration) -> StartMigration:
    # A job beside a volume that one pod alone can mount would never start; that service is one copy anyway.
    words = _words_before(project, service) if how.kind == "start" and not _keeps_files(project, service) else ()
    return StartMigration(service.name, words, how.places[0], how.kind == "locked")


def _keeps_files(project: Project, service: Service) -> bool:
    """Whether a mount of the service outlives its container and does not come out of the repository."""
    known = project.present | project.directories
    return any(
        not mount.read_only
        and ((mount.kind == "volume" and mount.source) or (mount.kind == "bind" and mount.resolved not in known))
        for mount in service.mounts
    )


def migrate_at_once(stack: Stack, found: Mapping[str, StartMigration], prepared: frozenset[str]) -> frozenset[str]:
    """Return the services of which two copies would migrate at the same time: no job is known to have done it before."""
    jobs = {service.name for service in stack.services if any(_migrates(stack, name) for name in _awaited_by(service))}
    return frozenset(name for name, item in found.items() if not item.locked and name not in prepared | jobs)


def _awaited_by(service: Service) -> Iterator[str]:
    return (edge.service for edge in service.depends_on if edge.condition == "service_completed_successfully")


def _migrates(stack: Stack, name: str) -> bool:
    service = stack.service(name)
    return service is not None and bool(RUNS.search(" ".join((*(service.entrypoint or ()), *(service.command or ())))))


def _words_before(project: Project, service: Service) -> tuple[str, ...]:
    """Return the command up to the last migration, where it is a line of a shell that goes on to the server."""
    words, line = _shell_line(project, service)
    parts = list(_in_a_row(line))
    last = max((index for index, (part, _) in enumerate(parts) if _is_migration(part, line)), default=len(parts))
    if last >= len(parts) - 1 or any(_NOT_IN_A_ROW.search(_QUOTED.sub("", part)) for part, _ in parts[: last + 1]):
        return ()
    return (*words[:-1], line[: parts[last][1]].strip())


def _is_migration(part: str, line: str) -> bool:
    own = RUNS_ITSELF.search(part)
    return bool(RUNS.search(part) or (own and line.count(own["program"]) > 1))


def _shell_line(project: Project, service: Service) -> tuple[tuple[str, ...], str]:
    """Return the command that a service gives its shell, "" where it gives none or the line depends on the installation."""
    words = service.command
    if words is None and service.entrypoint is None and service.build is not None:
        dockerfile = project.image_of(service)
        instruction = dockerfile.effective("CMD", service.build.target) if dockerfile else None
        words = _of_image(instruction) if instruction else None
    if not words or len(words) != 3 or words[0].rpartition("/")[2] not in _SHELLS or not words[1].endswith("c"):
        return (), ""
    asked = any(scalar.references for scalar in scalars_of(service.node.get("command")))
    return (words, "") if asked else (words, words[2])


def _of_image(instruction: Instruction) -> tuple[str, ...]:
    return instruction.argv if instruction.exec_form else ("sh", "-c", instruction.text.strip())


def _in_a_row(line: str) -> Iterator[tuple[str, int]]:
    """Yield each command of a shell's line and where it ends; `&&`, `;` and line ends divide them outside of quotes."""
    start, quote = 0, ""
    for at, char in enumerate(line):
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char in ";\n" or line.startswith("&&", at):
            yield line[start:at], at
            start = at + (2 if char == "&" else 1)
    yield line[start:], len(line)
