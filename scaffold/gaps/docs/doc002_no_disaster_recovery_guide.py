"""DOC002: stores hold data, and no page tells how to restore it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scaffold.gaps.backup.coverage import signals
from scaffold.gaps.backup.files import databases, said
from scaffold.gaps.backup.started import started_stores
from scaffold.gaps.docs.pages import Section, guide_closers, page_anchor, sections
from scaffold.gaps.signals import durable_stores, main_environment, without_repeats
from scaffold.model.compose import Service
from scaffold.model.document import Location
from scaffold.model.durability import backup_way
from scaffold.model.gap import Closer, Gap, Rule
from scaffold.model.names import Layer, Room, Severity
from scaffold.model.project import Project
from scaffold.model.regex import regex

_TOPIC = regex(
    r"\brestor|\brecover|\bdisaster\b|\bback-?ups?\b|\brestaur|\bsauvegarde|\bwiederherstell|\bdatensicherung|восстановл|бэкап|резервн"
    r"|备份|備份|灾难|災難|数据恢复|バックアップ|復元|백업|복원",
    re.IGNORECASE,
    words=(
        *("备份", "備份", "灾难", "災難", "数据恢复", "バックアップ", "復元", "백업", "복원"),
        "back",
        "datensicherung",
        "disaster",
        "recover",
        "restaur",
        "restor",
        "sauvegarde",
        "wiederherstell",
        "бэкап",
        "восстановл",
        "резервн",
    ),
)
_DATA = (
    r"(?:back-?ups?|dumps?|databases?|data|db|volumes?|snapshots?|cop(?:y|ies)|archives?"
    r"|postgres\w*|mysql|mariadb|mongo\w*|redis)"
)
_COMMAND = (
    r"\bpg_restore\b|\bpsql\b.*<|\bmysql\b.*<|\|\s*(?:docker\b.*)?(?:psql|mysql|mariadb)\b|\bmongorestore\b|\brestic\b.*\brestore\b|restore[\w-]{0,40}\.(?:sh|py|ps1)\b"
    r"|\b(?:make|just|npm run|manage\.py|bin/\S*)\s+\S*restor\w*|\bpoint[- ]in[- ]time\b|\btar\s+-?\w*x"
)
_BACK = r"\b(?:restor|recover)\w*\b[^.\n]{0,60}?\b"
_STEP = regex(
    rf"{_COMMAND}|{_BACK}{_DATA}\b|\b{_DATA}\b[^.\n]{{0,60}}?\b(?:restor(?!able|ation\b.*\btest)|recover)\w*"
    r"|\brestaur(?:er|ez)\b|\bwiederherstellen\b|восстановит",
    re.IGNORECASE,
)
"""What brings data back: a command that does it, or a sentence that speaks of data and its way back."""
_SURE_STEP = regex(
    rf"{_COMMAND}|{_BACK}(?:back-?ups?|dumps?|databases?|volumes?|snapshots?|postgres\w*|mysql|mariadb|mongo\w*)\b",
    re.IGNORECASE,
)
"""The same where the heading speaks of a recovery alone, which may be that of a process, a person or an error."""
_OF_DATA = regex(
    r"restor|restaur|back-?up|disaster|data(?:base)?\b|sauvegarde|wiederherstell|sicherung|восстановл|бэкап|резервн"
    r"|备份|備份|数据|數據|バックアップ|データ|백업|데이터",
    re.IGNORECASE,
)
_COMMANDS = regex(_COMMAND, re.IGNORECASE)
_AFTERWARDS = regex(r"after\b", re.IGNORECASE)
"""How the heading of what is looked at once the data is back begins: only with a command it tells how that is done."""
_TABLE_ROW = regex(r"^[ \t]*\|.*$", re.MULTILINE)
_OTHER = regex(
    r"\b(?:mfa|2fa|password|account|token|codes?|session|circuit|errors?|retry|retries"
    r"|authentication|accounts?|users?|leases?|tasks?|jobs?|startup)\b",
    re.IGNORECASE,
)
"""What else is recovered, by the words of a heading."""
_ADVICE = "Write docs/operations/recovery.md: where the copies are, the restore commands of each store, RPO and RTO."


def _detect(project: Project) -> Iterator[Gap]:
    stores = tuple(service for _, service in durable_stores(project))
    started = () if stores else started_stores(project)
    files = () if stores else databases(project)
    place = page_anchor(project)
    if not (stores or files or started) or place is None or recovery_pages(project):
        return
    names = ", ".join(
        (*(service.name for service in stores), *(store.name for store in started), *([said(files)] if files else []))
    )
    yield RULE.gap(
        closers=guide_closers(project, _ADVICE) if _is_told(project, stores) else (Closer(None, "advice", _ADVICE),),
        resource="docs",
        subject="recovery-guide",
        message=f"No page in this repository tells how to restore {names}: the first restore happens during an outage.",
        expected="a page with the restore steps of each store and the loss that is accepted",
        actual="no restore steps",
        locations=(place,),
        related=tuple(service.location for service in stores)
        or without_repeats((*(store.location for store in started), *(item.service.location for item in files))),
        environment=main_environment(project),
        severity=None if signals(project) else Severity.LOW,
        blocked_by=() if signals(project) else ("BCK000",),
    )


def _is_told(project: Project, stores: tuple[Service, ...]) -> bool:
    """Whether the recovery page that is generated tells how one of the stores comes back: it is about the stack that production
    runs, and about stores that scaffold has a way to copy.
    """
    stack = project.production_stack
    running = {service.name for service in stack.services} if stack else set()
    return any(service.name in running and backup_way(service) for service in stores)


def recovery_pages(project: Project) -> tuple[Location, ...]:
    """Return the headings of the sections that tell how to restore something."""
    return tuple(section.heading.location for section in _sections(project) if _brings_back(section))


def recovery_text(project: Project) -> str:
    """Return the text of the sections on backups and recovery, "" where none tells how to restore something."""
    found = _sections(project) if recovery_pages(project) else ()
    return "\n".join(section.text for section in found)


def _sections(project: Project) -> tuple[Section, ...]:
    """Return the sections on backups and recovery of data; pages in hidden folders are for tools, not for operators."""
    return tuple(
        section
        for section in sections(project, _TOPIC)
        if not _OTHER.search(section.heading.text) and not section.page.path.startswith(".")
    )


def _brings_back(section: Section) -> bool:
    """Whether a section tells how data come back; what stands in a table is a list of things."""
    if _AFTERWARDS.match(section.heading.text) and not _COMMANDS.search(section.text):
        return False
    step = _STEP if _OF_DATA.search(f"{section.heading.text} {section.page.path}") else _SURE_STEP
    return bool(step.search(_TABLE_ROW.sub("", section.text)))


RULE = Rule(
    code="DOC002",
    name="no-disaster-recovery-guide",
    layer=Layer.DOCS,
    severity=Severity.MEDIUM,
    detect=_detect,
    closers=(Closer(Room.GUIDES, "files"),),
)
