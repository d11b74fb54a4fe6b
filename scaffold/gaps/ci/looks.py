"""Whether anybody looks at a release after it has been started: a step, a later job, a line of a script."""

from __future__ import annotations

import re

from scaffold.model.deployments import COMPOSE, STARTS, run_text
from scaffold.model.known import known
from scaffold.model.project import Job, Step, Workflow
from scaffold.model.regex import regex

_LOOKS = regex(
    r"(?i)--wait\b|--atomic\b|rollout\s+status|kubectl\s+wait|wait\s+services-stable|health|smoke|\bcurl\b|\bwget\b|\bnc\s+-|ready|rollback"
    r"|rollout\s+undo|helm\s+test|playwright|cypress|newman|\bk6\b|verif|probe|\bwait[-_]for|until\s|--detach=false|\bps\b|\be2e\b"
)
ONLY_SHOWS = regex(
    r"[\"'\s]*(?:sudo\s+)?(?:#|echo\b|printf\b|sleep\b|(?:log|info|warn|success|say)(?:_\w{1,20})?\s+[\"']"
    rf"|(?:docker|{COMPOSE})\s(?:[^\n|]*\s)?(?:ps|logs|images)\b"
    r"(?![^\n]*(?:\||\s-q\b|--quiet\b)))[^\n]*"
)
"""A command that tells the reader of the log something, and never fails for what it shows."""
FORGIVEN = regex(r"\|\|\s*(?:true\b|:(?=\s|$)|echo\b|exit\s+0)")
_BRANCHES = regex(r"\s*(?:el)?if\b|[^\n]*&&\s*(?:break|exit\s+0)\b")
_FAILS = regex(
    r"\bexit\s+(?:[1-9]|\$)|\breturn\s+[1-9]|\bfalse\b|roll_?back|\brestore|\b(?:fail|die|abort|error)\s+[\"']|undo\b"
)
"""What ends a step or a script as failed, or takes the release back."""
_ASKS = regex(r"\bps\b|\bcurl\b|\bwget\b")
_GREPS = regex(
    r"\bdocker\b[^|\n]{0,300}\s(?:ps|inspect)\b[^|\n]{0,300}\|\s*grep\s+(?P<options>(?:-\w+\s+)*)(?P<pattern>\"[^\"\n]*\"|'[^'\n]*'|[\w.*|\\]+)",
    words=("grep",),
)
"""A search in what Docker says of its containers."""
_FINDS_BOTH = regex(r"(?:.*[*|.])?healthy(?:\\?\|.*)?")
"""A pattern that finds `unhealthy` as well as `healthy`: nothing before the word keeps them apart."""
_WAITS_ITSELF = "wait-for-service-stability"


def is_looked_at(workflow: Workflow, job: Job) -> bool:
    """Whether the job looks at what it started, in that step or after it, or one that needs it does."""
    first = next((number for number, step in enumerate(job.steps) if STARTS.search(run_text(step))), 0)
    after = [item for item in workflow.jobs if item is not job and job.id in item.needs]
    steps = [*job.steps[first + 1 :], *job.followed_steps, *(step for item in after for step in item.all_steps)]
    starting = job.steps[first] if job.steps else None
    if starting and (_looks_by_input(starting) or looks_at_it(from_the_start(run_text(starting)))):
        return True
    return any(map(is_look, steps)) or any(item.uses for item in after)


def is_looked_at_behind(workflow: Workflow, job: Job, step: Step) -> bool:
    """Whether a step behind this one of a job, or a job that needs it, looks at the release."""
    return known(_last_look, job) > place_in_job(job, step) or known(_looks_later, workflow, job)


def place_in_job(job: Job, step: Step) -> int:
    """Return the number of a step in its job, that behind the last one for a step of what the job calls."""
    return known(_places, job).get(id(step), len(job.steps))


def _places(job: Job) -> dict[int, int]:
    return {id(step): number for number, step in enumerate(job.steps)}


def _last_look(job: Job) -> int:
    return max((number for number, step in enumerate(job.steps) if is_look(step)), default=-1)


def _looks_later(workflow: Workflow, job: Job) -> bool:
    return any(is_look(step) for other in workflow.jobs if job.id in other.needs for step in other.all_steps)


def from_the_start(text: str) -> str:
    """Return a text from the line on that starts the release: what stands before looks at the old one, but for traps."""
    match = STARTS.search(text)
    cut = text.rfind("\n", 0, match.start()) + 1 if match else 0
    return "\n".join((*(line for line in text[:cut].split("\n") if line.lstrip().startswith("trap ")), text[cut:]))


def _looks_by_input(step: Step) -> bool:
    return step.input(_WAITS_ITSELF) == "true" or step.input("wait") == "true"


def is_look(step: Step) -> bool:
    """Whether a step looks at the release and may fail, by what it does, or by its name where that is not to be seen."""
    if step.continue_on_error:
        return False
    text = run_text(step)
    if _looks_by_input(step) or looks_at_it(text):
        return True
    does = not text.strip() or any(map(_rest, text.splitlines()))
    return does and not _LOOKS.search(text) and bool(_LOOKS.search(f"{step.name}\n{step.uses}"))


def looks_at_it(text: str) -> bool:
    """Whether a line of a text looks at what runs, and its result decides something."""
    lines = text.replace("\\\n", " ").splitlines()
    for number, line in enumerate(lines):
        found = _LOOKS.search(_rest(line))
        if found and not _is_forgiven(line, lines[number:]):
            return True
    return False


def blind_look(text: str) -> str:
    """Return the line that takes `unhealthy` for `healthy` where a text has no other look at what it started, else ""."""
    if "unhealthy" in text:
        return ""
    joined = text.replace("\\\n", " ")
    blind = [line for line in joined.splitlines() if _is_blind(line)]
    others = "\n".join(line for line in joined.splitlines() if line not in blind)
    return "" if not blind or looks_at_it(others) else blind[0]


def _is_blind(line: str) -> bool:
    found = [] if line.lstrip().startswith(("#", "echo")) else list(_GREPS.finditer(line))
    return any(
        not re.search(r"[wxv]", match["options"]) and _FINDS_BOTH.fullmatch(match["pattern"].strip("\"'")) for match in found
    )


def _rest(line: str) -> str:
    """Return a line without the commands that only show something."""
    parts = re.split(r"&&|;", line)
    return " && ".join(part for part in parts if part.strip() and not ONLY_SHOWS.fullmatch(part))


def _is_forgiven(line: str, following: list[str]) -> bool:
    """Whether the result of a line is thrown away, or branches to lines that all end well."""
    if FORGIVEN.search(line):
        return not _FAILS.search(line)
    return bool(_BRANCHES.match(line)) and not any(map(_FAILS.search, following))


def shows_it(text: str) -> bool:
    """Whether a text looks at what runs at all."""
    return any(_ASKS.search(line) for line in text.splitlines() if not line.lstrip().startswith(("#", "echo")))
