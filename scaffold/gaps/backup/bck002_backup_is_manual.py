"""BCK002: a backup command exists, and only a person starts it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, page_on_a_clock, runs_by_itself, signals
from scaffold.gaps.backup.in_code import backups_in_code, switched_off
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.document import Location
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project


def _detect(project: Project) -> Iterator[Gap]:
    found = signals(project)
    if not durable_stores(project) or (found and runs_by_itself(project, found)):
        return
    switch = switched_off(project)
    if switch is not None:
        yield _switched_off(project, *switch)
    in_code = {backup.location.path for backup in backups_in_code(project)} if switch else set()
    yield from _started_by_hand(project, [signal for signal in found if signal.location.path not in in_code])


def _switched_off(project: Project, name: str, place: Location) -> Gap:
    return RULE.gap(
        resource="backup",
        subject=f"switch/{name}",
        message=f"The application brings a backup that is off by default: no template, compose file or manifest for production"
        f" sets {name}, so that who installs it has no copies until somebody finds the switch.",
        expected=f"{name}=true in the template that people copy, and a word on it in the installation guide",
        actual="off by default",
        locations=(place,),
        environment=main_environment(project),
        closers=(Closer(None, "advice", f"Set {name}=true in the env template for production, with a place for the copies."),),
    )


def _started_by_hand(project: Project, found: list[Signal]) -> Iterator[Gap]:
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
