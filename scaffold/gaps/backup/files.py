"""Databases that are files in a volume of the application, and what copies such files."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.signals import main_services
from scaffold.model.compose import Mount, Service, Stack
from scaffold.model.durability import is_made_again
from scaffold.model.project import Project
from scaffold.model.regex import regex

_SQLITE = regex(r"(?i)^(?:sqlite3?|sqlite(?!\S*:memory:)\S*:\S*)$")
_COPIES = regex(r"(?i)litestream|backup|\brestic\b|\bborg\b|\brclone\b|\bkopia\b|sqlite3\b[^\n]*\.dump|vacuum\s+into|snapshot")
_PASSING = regex(r"CELERY|BROKER|RESULT|CACHE|TEST")
"""Names of databases whose loss loses nothing that lasts."""
_FILE = regex(r"\.[A-Za-z]\w{0,5}$")


def sqlite_volumes(project: Project) -> Iterator[tuple[Stack, Service, Mount]]:
    """Yield each application of the judged stacks that is told to use SQLite, with the volume or folder that outlives it."""
    for stack, service in main_services(project):
        told = (entry for entry in service.environment if not _PASSING.search(entry.name))
        if service.is_application and any(_SQLITE.match((entry.value or "").strip()) for entry in told):
            mount = next((mount for mount in service.mounts if _keeps(mount)), None)
            if mount is not None:
                yield stack, service, mount


def _keeps(mount: Mount) -> bool:
    """Whether a mount is a place for data: written to, no single file, and nothing that is made again."""
    if mount.kind not in {"volume", "bind"} or not mount.source or mount.read_only or _FILE.search(mount.target):
        return False
    return not is_made_again(mount.source) and not is_made_again(mount.target)


def copies_files(project: Project) -> bool:
    """Whether a command, a service or an image speaks of a backup, or of a program that makes one."""
    texts = [f"{command.location.path} {command.text}" for command in project.commands if command.context != "doc"]
    for service in (service for stack in project.stacks for service in stack.services):
        image = service.image.repository if service.image else ""
        texts.append(" ".join((service.name, image, *(service.entrypoint or ()), *(service.command or ()))))
    texts += [item.text for dockerfile in project.dockerfiles for stage in dockerfile.stages for item in stage.instructions]
    texts += [step.run for workflow in project.workflows for job in workflow.jobs for step in job.all_steps]
    return any(_COPIES.search(text) for text in texts) or any("litestream" in path for path in project.files)
