"""BCK002: a backup command exists, and only a person starts it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, page_on_a_clock, runs_by_itself, signals
from scaffold.gaps.signals import durable_stores
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    found = signals(project)
    if not found or runs_by_itself(project, found) or not durable_stores(project):
        return
    page = page_on_a_clock(project)
    hint = f"; that one can be set up stands in {page.path}:{page.line}" if page else ""
    by_owner: dict[tuple[str, str], list[Signal]] = {}
    for signal in found:
        by_owner.setdefault((signal.location.path, signal.owner), []).append(signal)
    for (path, owner), group in sorted(by_owner.items(), key=lambda item: item[0]):
        what = f"{owner} in {path}" if owner else path
        yield RULE.gap(
            resource=path,
            subject=f"schedule/{owner}" if owner else "schedule",
            message=f"The backup of {what} runs only when somebody starts it: no schedule is declared in this repository"
            f"{hint}.",
            expected="a schedule: a workflow, a CronJob, a timer, or a plan of the cloud",
            actual="started by hand",
            locations=tuple(signal.location for signal in group),
            related=(page,) if page else (),
            severity=Severity.LOW if page else None,
            closers=BY_FILES if stores_to_copy(project) else None,
        )


RULE = Rule(
    code="BCK002",
    name="backup-is-manual",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Start it on a schedule, alert when the last success is older than a day, and keep the copies off the host.",
        ),
    ),
)
