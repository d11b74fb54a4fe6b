"""Schedules of containers that are loaded and yet lost: one crontab put over the other, jobs without the variables that only
the container has, and a container that ends with the log which its first job would make.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.facts import listed
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.lasting import instructions_of
from scaffold.model.project import Project
from scaffold.model.regex import regex
from scaffold.model.starting import Start, start_of

_LOADS = regex(
    r"(?m)(?:^|[;&|])[ \t]*(?P<call>crontab[ \t]+(?:-u[ \t]+\S+[ \t]+)?"
    r"(?:-(?=[ \t]*(?:$|[;&|]))|/?[\w./-]*\w))[ \t]*(?=$|[;&|])",
    words=("crontab",),
)
"""A call of `crontab` that puts a file, or what it is handed, in the place of the user's table."""
_KEEPS = regex(r"\bcrontab\s+(?:-u\s+\S+\s+)?-l\b|(?m:^[ \t]*(?:else|elif|case)\b)", words=("crontab", "else", "elif", "case"))
"""What takes the old table along, or makes only one of the calls."""
_CRON = regex(
    r"(?m)(?:^|[;&|\"'])[ \t]*(?:exec[ \t]+)?(?:/usr/sbin/)?cron(?:[ \t]+-[fL][^;&|\n]*)?[ \t]*(?=$|[;&|\"'])"
    r"|\bservice[ \t]+cron[ \t]+start\b|/etc/init\.d/cron[ \t]+start\b",
    words=("cron",),
)
"""Debian's cron, which hands its jobs HOME, LOGNAME, SHELL and what /etc/environment holds, and nothing of its own."""
_JOB = regex(r"(?m)^[^\n#]{0,60}?(?:[\d*][\d*/,-]*[ \t]+){4}[\w*/,-]+[ \t]+(?P<command>[^\n]*)")
_SCRIPT = regex(r"[\w.-]+\.(?:sh|bash)\b")
_HANDS_ON = regex(
    r"\bprintenv\b|\benv\b[ \t]*(?:\||>|$)|\bdeclare[ \t]+-p?x?|\bexport[ \t]+-p|/etc/environment"
    r"|/proc/1/environ|BASH_ENV|\benvsubst\b|set[ \t]*>"
    r"|(?m:^[ \t]*(?:source|\.)[ \t]+\S)"
)
"""What writes the container's variables down for the jobs, or reads a file of them."""
_CALLS_FOR = (
    r"-z[ \t]+[\"']?\$\{{?{name}(?::?-)?\}}?[\"']?(?=[ \t]*\])|\$\{{{name}:?\?|"
    r"(?m:^[^#\n]*(?<![\\\w$])\$(?:\{{{name}\}}|{name}\b))"
)
_FOLLOWS = regex(r"\btail[ \t]+(?:-n[ \t]*\d+[ \t]+)?-f[ \t]+(?P<path>/(?!dev/|proc/)[\w./-]+)", words=("tail",))


@frozen
class LostSchedule:
    """A schedule of a service that does not do its work: the key of the finding, what is wrong, what should be, and where."""

    subject: str
    message: str
    expected: str
    actual: str
    location: Location


def lost_schedules(project: Project, service: Service) -> Iterator[LostSchedule]:
    """Yield what is wrong with the crontabs that a service loads as it starts, or that its image has loaded."""
    dockerfile = project.image_of(service)
    made = instructions_of(dockerfile) if dockerfile else ""
    start = start_of(project, service)
    texts = _texts(start)
    if dockerfile and _LOADS.search(made):
        texts.append((made, Location(dockerfile.path, 1)))
    replaced = next((found for text, place in texts if (found := _replaced(service, text, place))), None)
    if replaced:
        yield replaced
    if start is not None and (place := next((place for text, place in texts if _CRON.search(text)), None)):
        whole = f"{start.text}\n{made}"
        yield from filter(None, (_without_variables(service, start, whole, place), _ends(service, whole, place)))


def _texts(start: Start | None) -> list[tuple[str, Location]]:
    """Return the words of a start and each of the scripts behind it as one text, with the place of its first line."""
    found: dict[str, tuple[str, Location]] = {}
    for number, (line, place) in enumerate(start.lines if start else ()):
        key = place.path if number else ""
        text, first = found.get(key, ("", place))
        found[key] = (f"{text}{line}\n", first)
    return list(found.values())


def _replaced(service: Service, text: str, place: Location) -> LostSchedule | None:
    calls = [match["call"] for match in _LOADS.finditer(text)]
    users = {re.sub(r"[^ \t]+$", "", call) for call in calls}
    if len(calls) < 2 or len(users) > 1 or (len(set(calls)) == 1 and not calls[0].endswith("-")) or _KEEPS.search(text):
        return None
    last = "what the last call is handed" if calls[-1].endswith("-") else calls[-1].rpartition(" ")[2]
    return LostSchedule(
        "crontab/replaced",
        f"{service.name} loads {len(calls)} crontabs for one user, and each takes the place of the one before: of all these"
        f" jobs only {last} is left, and nothing says so.",
        "one crontab that holds all lines",
        f"{len(calls)} calls of crontab",
        place,
    )


def _without_variables(service: Service, start: Start, whole: str, place: Location) -> LostSchedule | None:
    """Return the job whose script stops, or works with nothing, because cron does not hand it the container's variables."""
    jobs = "\n".join(match["command"] for match in _JOB.finditer(whole))
    names = set(_SCRIPT.findall(jobs))
    scripts: dict[str, list[str]] = {}
    for line, where in start.lines[1:]:
        if where.path.rpartition("/")[2] in names:
            scripts.setdefault(where.path, []).append(line)
    if _HANDS_ON.search(whole):
        return None
    for path, lines in scripts.items():
        text = "\n".join(lines)
        wanted = [entry.name for entry in service.environment if entry.value and _calls_for(text, entry.name)]
        wanted = [name for name in wanted if not re.search(rf"\b{re.escape(name)}=", jobs)]
        if wanted:
            return LostSchedule(
                "crontab/environment",
                f"{service.name}'s cron starts {path.rpartition('/')[2]} without {listed(wanted)}: Debian's cron hands its jobs"
                " none of the container's variables, so that what works by hand in the container fails at night.",
                "the variables written for the jobs at the start (`printenv > /etc/environment`), or supercronic as the clock",
                "variables of the container alone",
                place,
            )
    return None


def _calls_for(text: str, name: str) -> bool:
    """Whether a script uses a variable that it does not set itself."""
    is_set = re.search(rf"(?m)^[ \t]*(?:export[ \t]+)?{re.escape(name)}=", text)
    return not is_set and re.search(_CALLS_FOR.format(name=re.escape(name)), text) is not None


def _ends(service: Service, whole: str, place: Location) -> LostSchedule | None:
    """Return the log that keeps the container up where only its jobs write it, of which none has run at the first start."""
    match = _FOLLOWS.search(whole)
    if match is None:
        return None
    path = match["path"]
    jobs = [item[0] for item in _JOB.finditer(whole)]
    others = [line for line in whole.split("\n") if path in line and not any(line in job or job in line for job in jobs)]
    by_jobs = any(path in job for job in jobs)
    makes = [line for line in others if re.search(r"\b(?:touch|mkfifo|ln|tee|install|cp|chown)\b|>", line)]
    if not by_jobs or makes:
        return None
    return LostSchedule(
        "crontab/log",
        f"{service.name} stays up by `tail -f {path}`, a file that only its jobs write: before the first of them tail finds"
        " nothing and ends, the container with it, and no job comes to its hour.",
        "cron in the foreground (`exec cron -f`)",
        f"tail -f {path}",
        place,
    )
