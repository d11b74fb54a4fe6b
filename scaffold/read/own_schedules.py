"""Schedules that a program keeps in its own process, and messages that it asks a service for: each copy does both."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.model.frozen import frozen
from scaffold.model.project import CodeFact
from scaffold.model.regex import regex
from scaffold.read.fact_words import holds
from scaffold.read.lines import Places, is_comment

_SCRIPTS = (".js", ".ts", ".mjs", ".cjs", ".mts")
_JAVA = (".java", ".kt")
_AROUND = 200
"""Characters after a schedule in which the name of what it does stands."""
_OF_THE_COPY = regex(r"(?i)heart_?beat|keep_?-?alive|\bpings?\b|cache|evict|metric|in-?memory|rate_?limit")
"""Work that each copy has to do for itself."""

_TELEGRAM = "Telegram"
_BOTS = ("elegram", "aiogram", "telebot")


@frozen
class _Form:
    """How code keeps a schedule: its files, the call, what people call it, and words of which the file has one as well."""

    files: tuple[str, ...]
    call: re.Pattern[str]
    name: str
    beside: tuple[str, ...] = ()


_FORMS = (
    _Form((".py",), regex(r"\b(?:Background|AsyncIO|Blocking)Scheduler\(", words=("Scheduler(",)), "APScheduler"),
    _Form((".py",), regex(r"(?m)^[ \t]*@repeat_every\(", words=("@repeat_every(",)), "fastapi-utils"),
    _Form((".py",), regex(r"@aiocron\.crontab\(", words=("@aiocron.crontab(",)), "aiocron"),
    _Form((".py",), regex(r"(?<![\w.])schedule\.every\(", words=("schedule.every(",)), "schedule", ("run_pending",)),
    _Form(
        (".py",),
        regex(r"\.(?:infinity|start|run)_polling\(", words=("_polling(",)),
        _TELEGRAM,
        ("elegram", "aiogram", "telebot"),
    ),
    _Form(_SCRIPTS, regex(r"(?<![\w.])cron\.schedule\(", words=("cron.schedule(",)), "node-cron"),
    _Form(_SCRIPTS, regex(r"\bnew CronJob\(", words=("new CronJob(",)), "cron"),
    _Form(_SCRIPTS, regex(r"(?<![\w.])schedule\.scheduleJob\(", words=("schedule.scheduleJob(",)), "node-schedule"),
    _Form(_SCRIPTS, regex(r"(?m)^[ \t]*@(?:Cron|Interval)\(", words=("@Cron(", "@Interval(")), "@nestjs/schedule"),
    _Form(_SCRIPTS, regex(r"\bbot\.launch\(", words=("bot.launch(",)), _TELEGRAM, ("elegraf",)),
    _Form(_SCRIPTS, regex(r"\bnew TelegramBot\([^;\n]{0,80}\bpolling\b", words=("new TelegramBot(",)), _TELEGRAM),
    _Form((".go",), regex(r"\bcron\.New\(", words=("cron.New(",)), "cron", ("robfig/cron",)),
    _Form((".go",), regex(r"\bgocron\.NewScheduler\(", words=("gocron.NewScheduler(",)), "gocron"),
    _Form((".go",), regex(r"\.GetUpdatesChan\(", words=(".GetUpdatesChan(",)), _TELEGRAM),
    _Form(_JAVA, regex(r"(?m)^[ \t]*@Scheduled\(", words=("@Scheduled(",)), "@Scheduled"),
    _Form((".rb",), regex(r"\bRufus::Scheduler\.(?:new|singleton)\b", words=("Rufus::Scheduler.",)), "rufus-scheduler"),
    _Form((".rs",), regex(r"\bJobScheduler::new\(", words=("JobScheduler::new(",)), "tokio-cron-scheduler"),
)
_LOCKS = regex(
    r"redlock|setnx|\bnx\s*=\s*true|[\"']nx[\"']|\bnx:\s*true|advisory_?(?:xact_?)?lock|skip locked|schedulerlock|shedlock"
    r"|leader_?elect|is_?leader|acquire_?lock|try_?lock|redis\.lock\(|distributed_?lock|isclustered",
    re.IGNORECASE,
    words=(
        *("redlock", "setnx", "nx", "advisory", "skip locked", "schedulerlock", "shedlock", "leader", "acquire"),
        *("try", "redis.lock(", "distributed", "isclustered"),
    ),
)
"""What lets one copy alone do the work."""


def own_schedule_facts(path: str, text: str) -> Iterator[CodeFact]:
    """Yield an `own-schedule` fact for the first schedule that a file keeps in its process; its detail is what keeps it.

    `Telegram` is a program that asks for its messages itself. A fact with the detail `locked` says that code takes a lock that
    all copies share, or asks which of them leads.
    """
    places = Places(path, text)
    for form in _FORMS:
        if path.endswith(form.files) and (not form.beside or holds(text, form.beside)):
            match = next((item for item in form.call.finditer(text) if _counts(text, item, form.name)), None)
            if match is not None:
                yield CodeFact("own-schedule", form.name, places.at(match.start()))
                break
    lock = next((item for item in _LOCKS.finditer(text) if not is_comment(text, item.start())), None)
    if lock is not None:
        yield CodeFact("own-schedule", "locked", places.at(lock.start()))


def _counts(text: str, match: re.Match[str], name: str) -> bool:
    """Whether a schedule is code, and its work is not what each copy has to do for itself."""
    start = match.start() + len(match[0]) - len(match[0].lstrip())
    if is_comment(text, start):
        return False
    return name == _TELEGRAM or not _OF_THE_COPY.search(text, match.end(), match.end() + _AROUND)
