"""BCK001: other stores are backed up, this one is not."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.coverage import Signal, is_covered, signals
from scaffold.gaps.signals import durable_stores, without_repeats
from scaffold.model.compose import Service, Stack
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
    if not found:
        return
    for stack, service in durable_stores(project):
        if not is_covered(project, service, found):
            yield _gap(stack, service, found)


def _gap(stack: Stack, service: Service, found: tuple[Signal, ...]) -> Gap:
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
