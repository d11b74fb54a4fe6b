"""BCK013: a dump or a restore asks a port that the server does not publish, or is handed an address that its client refuses."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.unreachable import unreachable_dumps
from scaffold.gaps.facts import path_environment
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    for found in unreachable_dumps(project):
        yield RULE.gap(
            resource=found.resource,
            subject=found.subject,
            message=found.message,
            expected=found.expected,
            actual=found.actual,
            locations=found.places[:1],
            related=found.places[1:],
            severity=Severity.MEDIUM if found.saves else Severity.LOW,
            environment=path_environment(found.resource),
        )


RULE = Rule(
    code="BCK013",
    name="backup-cannot-connect",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Dump inside the network of the stack (`docker compose exec -T db pg_dump ...`), with an address that the client"
            " knows; then run it once and read the copy back.",
        ),
    ),
)
