"""BCK000: stores hold data that nothing copies away, and no backup of any kind is scripted."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.coverage import is_covered, signals
from scaffold.gaps.backup.files import copies_files, sqlite_volumes
from scaffold.gaps.backup.standing import why_it_matters_less
from scaffold.gaps.facts import listed
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    if signals(project):
        return
    yield from _files_alone(project)
    bare = [(stack, service) for stack, service in durable_stores(project) if not is_covered(project, service, ())]
    if not bare:
        return
    names = ", ".join(service.name for _, service in bare)
    environment = main_environment(project)
    less = "" if environment.severity_steps else why_it_matters_less(project, bare)
    note = f"; {less}" if less else ""
    yield RULE.gap(
        resource="backup",
        subject="stores",
        message=f"Nothing in this repository copies {names} off the host on a schedule: after a lost volume or a wrong "
        f"migration, what came since the last copy that somebody made by hand is gone{note}.",
        expected="a scheduled dump or snapshot of each store, kept off the host",
        actual="no scheduled dump, snapshot or retention by content of scripts, workflows, services and resources",
        locations=tuple(service.location for _, service in bare),
        severity=Severity.MEDIUM if less else Severity.HIGH,
        environment=environment,
        closers=BY_FILES if stores_to_copy(project) else None,
    )


def _files_alone(project: Project) -> Iterator[Gap]:
    """Yield a gap for applications of a stack without any store whose SQLite lies in a volume that nothing copies."""
    if durable_stores(project):
        return
    kept = {service.name: (stack, service, mount) for stack, service, mount in sqlite_volumes(project)}
    if not kept or copies_files(project):
        return
    environment = main_environment(project)
    pairs = [(stack, service) for stack, service, _ in kept.values()]
    less = "" if environment.severity_steps else why_it_matters_less(project, pairs)
    note = f"; {less}" if less else ""
    volumes = listed(mount.source for _, _, mount in kept.values())
    yield RULE.gap(
        resource="backup",
        subject="sqlite",
        message=f"All that {listed(kept)} knows is SQLite and files in {volumes}, and nothing in this repository copies them"
        f" off the host on a schedule: a backup that the application makes lies in the same place{note}.",
        expected="a scheduled copy of the database and the files beside it, kept off the host",
        actual="no copy by content of scripts, workflows and services",
        locations=tuple(service.location for _, service in pairs),
        severity=Severity.LOW if less else Severity.MEDIUM,
        environment=environment,
        closers=(_OF_FILES,),
    )


_OF_FILES = Closer(
    None,
    "advice",
    "Copy the database with `sqlite3 FILE '.backup COPY'` or Litestream, the files with restic, to another host by a clock, and"
    " restore one copy.",
)

BY_FILES = (Closer(Room.BACKUP, "files"),)
"""What closes a gap of this layer where scaffold has a way to copy the stores."""

RULE = Rule(
    code="BCK000",
    name="no-backup",
    layer=Layer.BACKUP,
    severity=Severity.HIGH,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Schedule a dump of each store to an object store with versioning and retention, and restore one of them in CI. "
            "Generated Terraform counts once Compose no longer runs the stores.",
        ),
    ),
)
