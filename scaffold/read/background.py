"""Work that code leaves to another process, a schedule or a queue, where no file of the project starts that process."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator

from scaffold.model.document import Location
from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.lines import Places
from scaffold.read.paths import is_test_code

_PAGES = (".md", ".mdx", ".markdown", ".rst", ".adoc", ".txt", ".lock", ".svg", ".css", ".html", ".po", ".csv", ".map", ".snap")
_TOOLS = frozenset({"composer.json", "composer.lock", "package.json", "package-lock.json", "Gemfile", "Gemfile.lock"})
"""Files that name packages, and scripts for developers."""
_FIRST = regex(r"compose|procfile|docker|start|worker|entrypoint|crontab|supervisor|beat|deploy", re.IGNORECASE)
_DEEP = 2
"""Slashes of a route whose last part may come from a variable of the caller."""
_LAST = regex(r"/[^/]+$")
_SCHEDULES = regex(
    r"[\"'](?:node-cron|cron|croner|bree|agenda|node-schedule|@nestjs/schedule|toad-scheduler|@fastify/schedule|pg-boss|graphile-worker)[\"']\s*:"
)
"""Packages by which a program of Node keeps a schedule itself."""
_COMMENT = regex(r"(?m)^[ \t]*(?:#(?!!)|//|\*(?:[ \t]+[A-Za-z@$]|/|[ \t]*$)|/\*|<!--|;)[^\n]*$")
"""Lines that are comments; a line of a crontab begins with an asterisk too."""


@frozen
class _Kind:
    """A way of leaving work: where code does, what of the texts starts the other process, and what people call it."""

    name: str
    paths: re.Pattern[str]
    leaves: re.Pattern[str]
    started_by: re.Pattern[str]
    code: tuple[str, ...] = ()
    """Endings of code that may start the process as well."""
    uses: re.Pattern[str] | None = None
    """What some code has to hold as well, where the place alone is a setting."""


_RAILS = regex(r"(?:^|/)config/(?:application|environments/production|initializers/\w+)\.rb$", words=("config/",))
_LATER = regex(r"\.(?:perform|deliver)_later\b", words=("_later",))


def _adapter(name: str, started_by: re.Pattern[str], code: tuple[str, ...] = ()) -> _Kind:
    """Return the kind of jobs that Active Job of Rails leaves to an adapter, by the setting of production."""
    leaves = regex(rf"(?m)^[ \t]*(?:config\.active_job|ActiveJob::Base)\.queue_adapter[ \t]*=[ \t]*:{name}\b", words=(name,))
    return _Kind(name.replace("_", "-"), _RAILS, leaves, started_by, code, _LATER)


_KINDS = (
    _adapter("delayed_job", regex(r"\bjobs:work(?:off)?\b|(?:bin|script)/delayed_job\b|\bdelayed_job[ \t]+(?:re)?start\b")),
    _adapter(
        "good_job",
        regex(
            r"\bgood_job[\"',\s]+start\b|bin/good_job\b|\bexecution_mode\b[^\n]{0,60}\basync|\bGOOD_JOB_EXECUTION_MODE\b[^\n]{0,60}\basync"
        ),
        (".rb",),
    ),
    _adapter(
        "solid_queue",
        regex(
            r"\bbin/jobs\b|\bsolid_queue:start\b|\bSOLID_QUEUE_IN_PUMA[\"']?[ \t]*[:=]"
            r"|(?m:^[ \t]*plugin[ \t(]+:solid_queue\b(?![^\n]*\bSOLID_QUEUE_IN_PUMA))",
            words=("bin/jobs", "solid_queue", "SOLID_QUEUE_IN_PUMA"),
        ),
        (".rb",),
    ),
    _adapter("resque", regex(r"\bresque(?::(?:work|workers|scheduler)|-pool)\b", words=("resque",))),
    _Kind(
        "django-q",
        regex(r"\.py$"),
        regex(r"(?m)^[ \t]*from[ \t]+django_q(?:\.tasks)?[ \t]+import\b[^\n]*\b(?:async_task|schedule)\b"),
        regex(r"\bqcluster\b|(?:[\"']sync[\"'][ \t]*:[ \t]*True)", words=("qcluster", "sync")),
        (".py",),
    ),
    _Kind(
        "laravel-schedule",
        regex(r"(?:^|/)(?:app/Console/Kernel|routes/console|bootstrap/app)\.php$"),
        regex(r"(?:\$schedule\s*->|(?<![\w\\])Schedule::)\s*(?:command|call|job|exec)\("),
        regex(r"\bschedule:(?:run|work)\b", words=("schedule:",)),
        (".php",),
    ),
    _Kind(
        "laravel-queue",
        regex(r"(?:^|/)app/.*\.php$"),
        regex(r"\bimplements\s[^{]*\bShouldQueue\b"),
        regex(r"\bqueue:(?:work|listen)\b|\bartisan[\"',\s]+horizon\b(?!:)"),
    ),
    _Kind(
        "celery-beat",
        regex(r"\.py$"),
        regex(
            r"\b(?:CELERY_)?BEAT_SCHEDULE\s*(?::[^=\n]+)?=\s*\{\s*[^}\s]|\bbeat_schedule\s*=\s*\{\s*[^}\s]|\.add_periodic_task\(",
            words=(".add_periodic_task(", "BEAT_SCHEDULE", "beat_schedule"),
        ),
        regex(r"\bcelery\b[\s\S]{0,300}?(?:\bbeat\b|\s-B\b)|celery[-_]?beat|\bbeat\b[\s\S]{0,200}?\bcelery\b"),
    ),
    _Kind(
        "celery",
        regex(r"\.py$"),
        regex(r"(?m)^[ \t]*@(?:shared_task|(?:celery|app|celery_app)\.task)\b"),
        regex(
            r"\bcelery\b[\s\S]{0,300}?\bworker\b|celery[-_]?worker|\bworker\b[\s\S]{0,200}?\bcelery\b"
            r"|(?i:always_eager[\"']?\s*[:=]\s*true)"
        ),
        (".py",),
    ),
    _Kind(
        "sidekiq",
        regex(r"\.rb$"),
        regex(r"(?m)^[ \t]*include\s+Sidekiq::(?:Job|Worker)\b"),
        regex(r"(?:exec|bin/|command:|CMD|worker:)[\s\[\"']*sidekiq\b|[\"'\s]sidekiq[\"']?\s*(?:-|,|$)"),
    ),
    _Kind(
        "dramatiq",
        regex(r"\.py$"),
        regex(r"(?m)^[ \t]*@dramatiq\.actor\b"),
        regex(r"(?:^|[\s\"'\[/])dramatiq[\"']?(?:[\s,]+[\"']?[-\w.]+)|rundramatiq|dramatiq:worker"),
        (".py",),
    ),
    _Kind(
        "rq-schedule",
        regex(r"\.py$"),
        regex(r"\.enqueue_(?:in|at)\("),
        regex(r"--with-scheduler\b|\bwith_scheduler\s*=\s*True\b|\brqscheduler\b"),
        (".py",),
    ),
    _Kind(
        "rq",
        regex(r"\.py$"),
        regex(r"(?m)^[ \t]*from\s+rq\s+import\s(?![^\n]*Worker)[^\n]*\bQueue\b"),
        regex(
            r"\brq[\"',\s]+worker\b|\brqworker\b|\brq-worker\b|\b(?:Simple|Round\w*|Random\w*|Spawn)?Worker\(|\brq\.worker\b"
        ),
        (".py",),
    ),
    _Kind(
        "whenever",
        regex(r"(?:^|/)config/schedule\.rb$"),
        regex(r"(?m)^[ \t]*every\s"),
        regex(r"\bwhenever\b|\bcrontab\b"),
    ),
)


def unstarted(marked: Iterable[str], files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `background` fact (detail: the kind) for the first place of each kind that no file of the project starts.

    `marked` are the files of code that may leave work; pages, tests and lists of packages start nothing.
    """
    sites = {kind.name: site for kind in _KINDS if (site := _site(kind, marked, glance)) is not None}
    if not sites:
        return
    candidates = sorted((path for path in files if _may_start(path)), key=lambda path: (_FIRST.search(path) is None, path))
    for kind in _KINDS:
        place = sites.get(kind.name)
        if place is not None and not any(_starts(kind, path, place, glance) for path in candidates):
            yield CodeFact("background", kind.name, place)


def platform_schedules(files: Iterable[str], glance: Callable[[str], str | None]) -> Iterator[CodeFact]:
    """Yield a `background` fact (detail: vercel-crons) for each vercel.json whose routes nothing else of the project calls.

    A library by which the code keeps a schedule of its own may do the same work: then nothing is said.
    """
    every = tuple(files)
    for path in (path for path in every if path.rpartition("/")[2] == "vercel.json" and not is_test_code(path)):
        text = glance(path) or ""
        routes = _crons(text)
        folder = path.rpartition("/")[0]
        callers = (
            file for file in every if file != path and _may_start(file) and not file.endswith((*_IS_CODE, "vercel.json"))
        )
        if not routes or _SCHEDULES.search(glance(f"{folder}/package.json" if folder else "package.json") or ""):
            continue
        called = {_LAST.sub("/", route) if route.count("/") > _DEEP else route for route in routes}
        if not any(route in (glance(file) or "") for file in callers for route in called):
            yield CodeFact("background", "vercel-crons", Places(path, text).at(max(text.find('"crons"'), 0)))


def _crons(text: str) -> tuple[str, ...]:
    """Return the routes that a vercel.json has called by a clock."""
    try:
        held = json.loads(text) if '"crons"' in text else {}
    except ValueError:
        return ()
    crons = held.get("crons") if isinstance(held, dict) else None
    found = (item.get("path") for item in crons if isinstance(item, dict)) if isinstance(crons, list) else ()
    return tuple(route.partition("?")[0] for route in found if isinstance(route, str) and len(route) > len("/api/"))


def _site(kind: _Kind, marked: Iterable[str], glance: Callable[[str], str | None]) -> Location | None:
    if kind.uses is not None and not any(kind.uses.search(glance(path) or "") for path in marked):
        return None
    for path in marked:
        raw = (glance(path) or "") if kind.paths.search(path) else ""
        # Comments are taken out of what holds the words alone: most texts do not.
        text = _COMMENT.sub("", raw) if kind.leaves.search(raw) else ""
        match = kind.leaves.search(text)
        if match:
            # Comments are emptied, not removed: lines keep their numbers.
            return Places(path, text).at(match.start())
    return None


def _may_start(path: str) -> bool:
    name = path.rpartition("/")[2]
    return not path.endswith(_PAGES) and name not in _TOOLS and not is_test_code(path)


_IS_CODE = (".py", ".php", ".rb", ".js", ".ts", ".tsx", ".jsx", ".java", ".go", ".rs", ".cs", ".kt", ".vue", ".scss")


def _starts(kind: _Kind, path: str, place: Location, glance: Callable[[str], str | None]) -> bool:
    if path == place.path and kind.uses is None:  # A file of settings may tell as well that the process is the application.
        return False
    if path.endswith(_IS_CODE) and not path.endswith(kind.code or ("\0",)):
        return False
    text = glance(path) or ""
    return bool(kind.started_by.search(text)) and bool(kind.started_by.search(_COMMENT.sub("", text)))
