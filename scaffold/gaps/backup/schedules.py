"""Which clocks start a backup: those that the repository delivers or tells of, and those whose program it does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from operator import itemgetter

from scaffold.gaps.backup.coverage import Signal
from scaffold.gaps.backup.empty_jobs import copying_jobs
from scaffold.gaps.facts import SAYS
from scaffold.gaps.remembered import remembered
from scaffold.model.deployments import run_text
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import DocFile, Dockerfile, Project
from scaffold.model.regex import regex

_CRON_FOLDER = regex(r"\s/(?:etc/cron|etc/crontabs|var/spool/cron)")
_CLOCK = regex(r"\bcron(?:tab|job)?s?\b|\btimers?\b|\bofelia\b", words=("cron", "ofelia", "timer"))
_CRON_LINE = regex(
    r"(?im)^[^\n]{0,20}?(?:(?:[\d*][\d*/,-]*[ \t]+){4}[\w*/,-]+|@(?:hourly|daily|weekly|midnight))[ \t]+[^\n]*(?:backup|dump)"
    r"|^[ \t]*OnCalendar=",
    words=("backup", "dump", "oncalendar="),
)
"""A line of a crontab that starts a backup, or the clock of a systemd timer."""
_ADVISES = regex(r"(?i)\b(?:can|could|may|might|should|recommend\w*|consider|example|e\.g\.|for instance|if you|want)\b")
"""Words of a page that leaves something to its readers."""
_WORD = regex(r"[\w.-]+")
_FILES = regex(r"(?:^|/)(?:crontab|cron\.d/.*|.*\.timer)$")
_OF_OTHER_WORK = regex(r"(?i)cert|renew|logrotate|clean|deploy(?![^/]*/)|health|e2e|update[^/]*\.timer$")
"""Names of timers that are for something else."""
_PROGRAM = regex(
    r"(?:^|[\s;&|('\"`=])[\w./~${}-]*?(?P<name>[\w-][\w.-]*\.(?:sh|bash|py|rb|php|pl|[cm]?js|ts))(?=$|[\s;&|)'\"`>])"
)
_STARTED = regex(r"(?m)^[ \t]*ExecStart=[^\n]*")
_MAKES_IT = regex(r"(?i)\b(?:create|crear|save|copy|write|put)\b|\bcat\b[^\n]*>|\b(?:tee|nano|vim?)\b")
"""Words of a page by which its readers write a file themselves."""
_WRITES = regex(r"(?:>|\btee\s(?:-\w\s)?|\b(?:cp|ln|install|COPY|mv)\s[^\n]*\s)\s*[\"']?(?P<path>[\w./~${}-]+)")
_LONGEST_LINE = 1_000
_IS_MADE = regex(r"(?i)\bbackups?\s+(?:is|are)\s+(?:\w+\s+)?(?:run|made|taken|created|performed)\b")
_AT_TIMES = regex(r"(?i)\bevery\s+(?:day|night|week|hour|[a-z]+day)\b|\b(?:hourly|daily|nightly|weekly)\b")
_LIST = 5
"""Lines of a list below the words that backups are made."""
_NEAR = 8
"""Lines of a page around the line of a crontab that speak of it."""


@frozen
class EmptyClock:
    """The line of a page or script by which a clock starts a program that the repository does not have; `shown` is where a
    page has its readers write that program, None where none does.
    """

    program: str
    location: Location
    shown: Location | None


def runs_by_itself(project: Project, found: tuple[Signal, ...]) -> bool:
    """Whether any backup is started by a clock: a service, a workflow's schedule, a CronJob, cron, a timer."""
    if any(signal.automatic for signal in found) or copying_jobs(project):
        return True
    if any(_starts(text, signal) for text in _on_schedule(project) for signal in found):
        return True
    if any(_FILES.search(path) and not _OF_OTHER_WORK.search(path) for path in project.files):
        return True
    if any(_brings_a_crontab(dockerfile, found) for dockerfile in project.dockerfiles):
        return True
    return any(not missing and not _ADVISES.search(text) for text, _, missing in _told(project))


def page_on_a_clock(project: Project) -> Location | None:
    """Return the line of a page that says people may start a backup by a clock."""
    return next((place for text, place, missing in _told(project) if not missing and _ADVISES.search(text)), None)


def run_by(project: Project, signals: Iterable[Signal]) -> Location | None:
    """Return the step of a workflow without a clock, such as that of a release, which starts one of the backups."""
    names = {signal.owner or signal.location.path.rpartition("/")[2] for signal in signals}
    words = "|".join(sorted(map(re.escape, names)))
    started = re.compile(rf"(?m)(?:^|[;&|(]|\b(?:sudo|exec|bash|sh|make)[ \t])[ \t]*[\"']?(?:[\w.~$-]*/)*(?:{words})(?![\w.-])")
    texts = _run_by_events(project)
    near = {text for name in names for word in _WORD.findall(name)[:1] for text in texts.get(word, ())}
    return next((place for _, text, place in sorted(near, key=itemgetter(0)) if started.search(text)), None)


@remembered
def _run_by_events(project: Project) -> dict[str, list[tuple[int, str, Location]]]:
    """Return what steps of workflows run that something else than a person starts, by each word: the number of the text, the
    text itself, and the place of the step.
    """
    started = (workflow for workflow in project.workflows if set(workflow.events) - {"workflow_dispatch"})
    steps = (step for workflow in started for job in workflow.jobs for step in job.all_steps)
    texts = ((text, step.location) for step in steps for text in (step.run, *(value for _, value in step.inputs)))
    found: dict[str, list[tuple[int, str, Location]]] = {}
    for number, (text, place) in enumerate(texts):
        for word in set(_WORD.findall(text)):
            found.setdefault(word, []).append((number, text, place))
    return found


def page_with_times(project: Project) -> Location | None:
    """Return the line of a page that says when backups are made, although nothing of the repository starts them then."""
    for page in project.docs:
        lines = page.text.splitlines() if _IS_MADE.search(page.text) else []
        said = [number for number, line in enumerate(lines) if _IS_MADE.search(line) and not _ADVISES.search(line)]
        for number in said:
            for other in range(number, min(number + _LIST, len(lines))):
                if _AT_TIMES.search(lines[other]):
                    return Location(page.path, other + 1)
    return None


def clock_line(text: str) -> int:
    """Return which line of a page is one of a crontab that starts a backup, or the clock of a timer; 0 where none is."""
    match = _CRON_LINE.search(text)
    return text.count("\n", 0, match.start()) + 1 if match else 0


def empty_clock(project: Project) -> EmptyClock | None:
    """Return the first line of a clock whose program is not in the repository, None where there is none."""
    found = next(((place, missing) for _, place, missing in _told(project) if missing), None)
    return EmptyClock(found[1], found[0], _page_that_makes(project, found[1])) if found else None


# --- what is delivered ------------------------------------------------------------------------------------------------


def _on_schedule(project: Project) -> Iterator[str]:
    """Yield what the workflows run by the clock."""
    for workflow in project.workflows:
        if "schedule" in workflow.events:
            yield from (run_text(step) for job in workflow.jobs for step in job.all_steps)


def _starts(text: str, signal: Signal) -> bool:
    """Whether a text runs the script, or the target of make, that holds the backup."""
    named = re.escape(signal.owner) if signal.owner else re.escape(signal.location.path.rpartition("/")[2])
    return bool(re.search(rf"(?:^|[\s/\"']){named}(?![\w.-])", text))


def _brings_a_crontab(dockerfile: Dockerfile, found: tuple[Signal, ...]) -> bool:
    """Whether an image that holds one of the scripts has a file for cron as well."""
    copies = [item.text for stage in dockerfile.stages for item in stage.instructions if item.keyword in {"COPY", "ADD"}]
    scripts = {signal.location.path.rpartition("/")[2] for signal in found}
    return any(_CRON_FOLDER.search(text) for text in copies) and any(name in text for text in copies for name in scripts)


# --- what is told -----------------------------------------------------------------------------------------------------


@remembered
def _told(project: Project) -> tuple[tuple[str, Location, str], ...]:
    """Return each command and each line of a page by which a clock starts a backup, with the program that is missing for it."""
    commands = [
        (command.text, command.location, _missing(project, command.text))
        for command in project.commands
        if command.context != "doc" and _CLOCK.search(command.text) and "backup" in command.text.lower()
    ]
    return (*commands, *(item for page in project.docs for item in _told_on(project, page)))


def _told_on(project: Project, page: DocFile) -> Iterator[tuple[str, Location, str]]:
    shown = {page.text.count("\n", 0, match.start()) + 1 for match in _CRON_LINE.finditer(page.text)}
    lines = page.text.split("\n")
    started = "\n".join(_STARTED.findall(page.text)) if shown else ""
    for number in sorted(shown):
        text = started if "OnCalendar" in lines[number - 1] else lines[number - 1]
        # What a line of a crontab says stands for itself: it leaves nothing to its readers.
        yield "", Location(page.path, number), _missing(project, text)
    for number, line in _lines_on_a_clock(page, lines):
        if not any(abs(number - other) <= _NEAR for other in shown):
            yield line, Location(page.path, number), _missing(project, line)


def _lines_on_a_clock(page: DocFile, lines: list[str]) -> Iterator[tuple[int, str]]:
    if _CLOCK.search(page.text) and "backup" in page.text.lower():
        for number, line in enumerate(lines, 1):
            near = "\n".join(lines[max(number - 3, 0) : number + 2]).lower() if _CLOCK.search(line) else ""
            if "backup" in near and ("backup" in line.lower() or not _OF_OTHER_WORK.search(line)):
                yield number, line


def _missing(project: Project, line: str) -> str:
    """Return the first script that a line starts where the repository has none of them and nothing of it writes one."""
    names = [match["name"] for match in _PROGRAM.finditer(line[:_LONGEST_LINE])]
    return names[0] if names and not any(name in _programs(project) for name in names) else ""


@remembered
def _programs(project: Project) -> frozenset[str]:
    """Return the names of all files of the repository, and of those that its commands write."""
    written = (
        match["path"].rpartition("/")[2]
        for command in project.commands
        if command.context != "doc" and not SAYS.match(command.text)
        for match in _WRITES.finditer(command.text)
    )
    return frozenset((*(path.rpartition("/")[2] for path in project.files), *written))


def _page_that_makes(project: Project, program: str) -> Location | None:
    for page in project.docs:
        for number, line in enumerate(page.text.splitlines() if program in page.text else (), 1):
            if program in line and _MAKES_IT.search(line):
                return Location(page.path, number)
    return None
