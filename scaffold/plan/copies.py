"""Which services run in one copy alone, and why: one answer for the chart, the platform and the pages."""

from __future__ import annotations

from scaffold.model.compose import Service, Stack
from scaffold.model.frozen import frozen
from scaffold.model.holders import holders
from scaffold.model.image_code import is_served
from scaffold.model.known import known
from scaffold.model.left_out import gets_certificates
from scaffold.model.names import Role
from scaffold.model.project import CodeFact, Project
from scaffold.model.regex import regex
from scaffold.plan.records import runs_several, why_one_copy

_BEAT = regex(
    r"\bcelery\b.*(?:\bbeat\b|\s-B\b|\s--beat\b)|\bcelerybeat\b|\bclockwork\b|\bsidekiq-scheduler\b|\brq-?scheduler\b"
)
_UNKNOWN = frozenset({None, Role.CACHE, Role.ADMIN_UI, Role.MOCK})
"""Roles of which nothing is known that would let two copies work side by side."""
_IN_PROCESS = frozenset({"own-schedule", "socket"})
_OF_ALL_COPIES = frozenset({"locked", "shared"})
"""Details by which code says that its copies know of each other."""


@frozen
class OneCopy:
    """Why a service runs in one copy; `stops_first` forbids that the next one starts before the last has ended."""

    reason: str
    stops_first: bool = True


def one_copy(project: Project, stack: Stack, service: Service) -> OneCopy | None:
    """Return why a service runs in one copy alone, or None where nothing shows that it must."""
    if gets_certificates(service):
        return OneCopy("it renews the certificates: two would ask for the same ones at once")
    if is_scheduler(service):
        return OneCopy("two schedulers would start every task twice")
    records = why_one_copy(project, stack, service)
    if records:
        return OneCopy(records)
    if runs_several(service):
        return None
    return _in_process(project, stack, service) or (
        OneCopy("nothing in the files shows that two copies get along; find out before there are two")
        if service.role in _UNKNOWN
        else None
    )


def is_scheduler(service: Service) -> bool:
    """Whether a service starts tasks by the clock and does nothing else, or a worker with such a clock inside."""
    words = " ".join((*(service.entrypoint or ()), *(service.command or ())))
    return service.role is Role.SCHEDULER or _BEAT.search(words) is not None


def _in_process(project: Project, stack: Stack, service: Service) -> OneCopy | None:
    """Return why the code of a service allows one process: a schedule, sockets or questions that it keeps to itself."""
    for fact in known(_kept_in_processes, project):
        if any(holder is service for holder in holders(project, stack, fact)):
            place = f"{fact.location.path}:{fact.location.line}"
            if fact.detail == "Telegram":
                return OneCopy(f"it asks Telegram for its messages itself ({place}), which refuses a second one that asks")
            if fact.kind == "socket":
                words = f"it keeps the sockets of its visitors in its process ({fact.detail}, {place}), and nothing hands"
                return OneCopy(f"{words} messages to another copy", stops_first=False)
            words = f"it keeps a schedule in its process ({fact.detail}, {place}), and each copy would do every job"
            return OneCopy(words, stops_first=False)
    return None


def _kept_in_processes(project: Project) -> tuple[CodeFact, ...]:
    """Return what code keeps in its process, without the kinds of which a line anywhere hands it to all copies."""
    facts = [fact for fact in project.code_facts if fact.kind in _IN_PROCESS and fact.reachable is not False]
    shared = {fact.kind for fact in facts if fact.detail in _OF_ALL_COPIES}
    return tuple(fact for fact in facts if fact.kind not in shared and is_served(fact.location.path))
