"""BCK001: other stores are backed up, this one is not."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, is_covered, signals
from scaffold.gaps.signals import durable_stores, without_repeats
from scaffold.model.compose import Service, Stack
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Role, Severity
from scaffold.model.project import Project

_WAYS = {
    Role.POSTGRES: "pg_dump in custom format",
    Role.MYSQL: "mysqldump --single-transaction",
    Role.MONGO: "mongodump",
    Role.REDIS: "redis-cli --rdb",
    Role.VECTOR_DB: "a copy of its volume while it is stopped, or its snapshot API",
}


def _detect(project: Project) -> Iterator[Gap]:
    found = signals(project)
    copied = {service.name for service in stores_to_copy(project)}
    for stack, service in durable_stores(project):
        # Where nothing is backed up yet, only what will stay uncovered is worth a line beside BCK000.
        stays = bool(copied) and service.name not in copied
        if not is_covered(project, service, found) and (found or stays):
            ours = stack is project.main_stack and service.name in copied
            yield _gap(stack, service, found, BY_FILES if ours else None)


def _gap(stack: Stack, service: Service, found: tuple[Signal, ...], closers: tuple[Closer, ...] | None) -> Gap:
    way = _WAYS.get(service.role, "a copy of its volume") if service.role else "a copy of its volume"
    return RULE.gap(
        resource=stack.resource(service.name),
        subject="backup",
        message=f"The backups of this repository leave out {service.name}: what it holds is lost with its volume.",
        expected=way,
        actual="not covered by the backups that exist",
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
)
