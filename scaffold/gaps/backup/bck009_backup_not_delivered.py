"""BCK009: the deployment copies some files to the host, and the script that makes the backups is none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.coverage import their_signals
from scaffold.gaps.ci_signals import foreign_workflows
from scaffold.gaps.facts import listed
from scaffold.model.deployments import is_deployment, run_text
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Severity
from scaffold.model.project import Job, Project, Step
from scaffold.model.regex import regex

_TIMER = regex(r"\.timer(?:\.\w+)?$")
_UNIT = regex(r"[\w@-]+\.(?:service|timer)(?:\.\w+)?")
_COPY_ACTION = "appleboy/scp-action"
_ONE_FILE = regex(r"[\w./-]+\.\w+|(?:[\w./-]*/)?\.env[\w.-]*")
_OTHER_WAYS = regex(
    r"(?i)\bgit\s+(?:pull|clone|fetch|checkout|reset)\b"
    r"|\brsync\b|\bscp\b|\bsftp\b|\btar\b|\bcurl\b|\bansible|\bunzip\b|backup"
)
"""What may bring more files to the host, or does the backup itself."""


def _detect(project: Project) -> Iterator[Gap]:
    found = their_signals(project)
    scripts = {item.location.path: item.location for item in found if item.location.path.endswith((".sh", ".bash"))}
    # A script without a clock of the repository's own may be one that people put into their crontab by hand.
    timed = any(_TIMER.search(path) for path in project.files)
    if not scripts or not timed or len(scripts) < len({item.location.path for item in found}):
        return
    jobs = [(item, job) for item in foreign_workflows(project) for job in item.jobs if is_deployment(item, job)]
    if len(jobs) != 1:
        return
    workflow, job = jobs[0]
    copies = [step for step in job.steps if step.action == _COPY_ACTION]
    files = _delivered(job, copies)
    if files and not any(path.rpartition("/")[2] == file.rpartition("/")[2] for path in scripts for file in files):
        yield RULE.gap(
            resource=workflow.path,
            subject="delivery/backup",
            message=f"The job {job.id} brings {listed(files)} to the host and nothing else, and {listed(scripts)}, by which the"
            f" backups are made, is none of them: on a host that this job alone fills its timer starts nothing."
            f"{_units(project)}",
            expected="the scripts of the backup among what is copied, or a service of the stack that makes the backups",
            actual=f"source: {listed(files)}",
            locations=tuple(step.uses_location or step.location for step in copies),
            related=tuple(scripts.values()),
        )


def _units(project: Project) -> str:
    """Return in words which other units of systemd the repository has for a host that gets none of its files."""
    names = (path.rpartition("/")[2] for path in project.files if ".service" in path or ".timer" in path)
    units = sorted(
        {re.split(r"\.(?:service|timer)", name)[0] for name in names if _UNIT.fullmatch(name) and "backup" not in name}
    )
    return f" The same goes for the units {listed(units)}, and the scripts and paths that they name." if units else ""


def _delivered(job: Job, copies: list[Step]) -> tuple[str, ...]:
    """Return the files that a job copies by name; none where it copies folders, or where other files may come as well."""
    names = tuple(
        word.strip() for step in copies for word in step.input("source").replace("\n", ",").split(",") if word.strip()
    )
    if not all(_ONE_FILE.fullmatch(name) for name in names):
        return ()
    return () if any(_OTHER_WAYS.search(run_text(step)) for step in job.all_steps) else names


RULE = Rule(
    code="BCK009",
    name="backup-not-delivered",
    layer=Layer.BACKUP,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(
        Closer(
            None,
            "advice",
            "Copy the scripts and units of the backup in the same job, or run the backup as a service of the stack, and look at"
            " the host whether a copy of last night is there.",
        ),
    ),
)
