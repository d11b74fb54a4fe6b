"""BCK002: a backup command exists, and only a person starts it."""

from __future__ import annotations

from collections.abc import Iterator

from scaffold.gaps.backup.bck000_no_backup import BY_FILES
from scaffold.gaps.backup.coverage import Signal, signals
from scaffold.gaps.backup.empty_jobs import EmptyJob, empty_jobs
from scaffold.gaps.backup.file_copies import file_copies
from scaffold.gaps.backup.files import databases, said
from scaffold.gaps.backup.in_code import backups_in_code, switched_off
from scaffold.gaps.backup.schedules import empty_clock, page_on_a_clock, page_with_times, run_by, runs_by_itself
from scaffold.gaps.signals import durable_stores, main_environment
from scaffold.model.document import Location
from scaffold.model.durability import stores_to_copy
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_FOR_ONE_CHANGE = regex(r"(?i)deploy|migrat|install|update|upgrade|release|rollback|consolidat|decommission|rebuild")
_CALLED_BACKUP = regex(r"(?i)back-?_?up|dump")


def _detect(project: Project) -> Iterator[Gap]:
    found = signals(project)
    yield from (_empty(job) for job in empty_jobs(project))
    if not durable_stores(project):
        copies = file_copies(project)
        if copies and not runs_by_itself(project, copies):
            yield from _started_by_hand(project, list(copies), f"{said(databases(project))} by ")
        return
    if found and runs_by_itself(project, found):
        return
    switch = switched_off(project)
    if switch is not None:
        yield _switched_off(project, *switch)
    in_code = {backup.location.path for backup in backups_in_code(project)} if switch else set()
    yield from _started_by_hand(project, [signal for signal in found if signal.location.path not in in_code])


def _empty(job: EmptyJob) -> Gap:
    where = f"{job.script} of the ConfigMap beside it" if job.holder else "its own command"
    return RULE.gap(
        resource=job.location.path,
        subject=f"empty/{job.name}",
        message=f"The CronJob {job.name} copies nothing: all that it runs is {where}, which only prints words. Every run ends"
        " well, and the day on which a copy is needed there is none.",
        expected="the script that makes the dump, in an image or in full in the ConfigMap",
        actual="a stand-in without a command that copies",
        locations=(job.location,),
        related=(job.holder,) if job.holder else (),
        severity=Severity.HIGH,
        closers=(Closer(None, "advice", "Put the real script where the CronJob runs it, and look for the copy of one night."),),
    )


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


def _started_by_hand(project: Project, found: list[Signal], of: str = "") -> Iterator[Gap]:
    related, hint, is_told = _told(project)
    by_owner: dict[tuple[str, str], list[Signal]] = {}
    for signal in found:
        by_owner.setdefault((signal.location.path, signal.owner), []).append(signal)
    whole = {key: group for key, group in by_owner.items() if not _of_a_release(*key)}
    for (path, owner), group in sorted((whole or by_owner).items(), key=lambda item: item[0]):
        what = f"{of}{owner} in {path}" if owner else f"{of}{path}"
        step = run_by(project, group) if whole else None
        by_hand = f"The backup of {what} runs only when somebody starts it" if whole else f"The only copies are those of {what}"
        if step is not None:
            by_hand = f"The backup of {what} runs when {step.path}:{step.line} does, and else only when somebody starts it"
        profile = next((signal.waits_for for signal in group if signal.waits_for), "")
        why = f"it has a clock of its own, and no command, page or env file names its profile {profile}"
        yield RULE.gap(
            resource=path,
            subject=f"schedule/{owner}" if owner else "schedule",
            message=f"{by_hand}: {why if profile else f'no schedule is declared in this repository{hint}'}.",
            expected=f"COMPOSE_PROFILES={profile} in the env template, or --profile {profile} where the page starts the stack"
            if profile
            else "a schedule: a workflow, a CronJob, a timer, or a plan of the cloud",
            actual="started by hand",
            locations=tuple(signal.location for signal in group),
            related=(*((step,) if step else ()), *(() if profile else related)),
            severity=Severity.LOW if is_told else None,
            closers=BY_FILES if stores_to_copy(project) or not durable_stores(project) else None,
        )


def _of_a_release(path: str, owner: str) -> bool:
    """Whether a script copies the data for one change, such as a release: no backup that somebody would start of an evening."""
    name = owner or path.rpartition("/")[2]
    return bool(_FOR_ONE_CHANGE.search(name)) and not _CALLED_BACKUP.search(name)


def _told(project: Project) -> tuple[tuple[Location, ...], str, bool]:
    """Return the place at which a clock is told of, the words for it, and whether people can set one up by a page alone."""
    missing = empty_clock(project)
    if missing:
        shown = f"; {missing.shown.path}:{missing.shown.line} has people write it" if missing.shown else ""
        where = f"{missing.location.path}:{missing.location.line}"
        hint = f", and {missing.program}, which {where} has a clock start, is not in it{shown}"
        return (missing.location,), hint, missing.shown is not None
    page = page_on_a_clock(project)
    if page:
        return (page,), f"; that one can be set up stands in {page.path}:{page.line}", True
    page = page_with_times(project)
    return ((page,), f", though {page.path}:{page.line} tells of one", False) if page else ((), "", False)


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
