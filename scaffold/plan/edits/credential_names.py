"""The variables that edits put in the place of credentials in compose files: one for each account, whoever logs in with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from scaffold.model.compose import EnvValue, Stack
from scaffold.model.document import Location
from scaffold.model.gap import Gap
from scaffold.model.known import known
from scaffold.model.project import Project
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_host, url_password
from scaffold.plan.same_logins import SameLogin, account_entries, same_logins

Names = Mapping[Location, str]
"""The variable for the text at each place."""
_OF_LITERALS = frozenset({"SEC002", "SEC007"})


def names_of_literals(project: Project, gaps: tuple[Gap, ...]) -> Names:
    """Return the variable for each literal: its key, with the service in front where a stack has two; a service that logs in
    to a store takes the variable of the account there.
    """
    wanted = [gap for gap in gaps if gap.code in _OF_LITERALS]
    found: dict[Location, str] = {}
    for gap, name in zip(wanted, _own_names(project, wanted), strict=True):
        found |= dict.fromkeys(places_of(gap), name)
    used = set(found.values())
    for gap in wanted:
        found |= _of_accounts(project, gap, used)
    return found | {place: name for gap in wanted for place, name in _of_clients(project, gap, found)}


def needs_of(project: Project, gap: Gap, gaps: tuple[Gap, ...]) -> tuple[str, ...]:
    """Return the gaps at the stores that a credential logs in to: a variable at one end alone would end the login."""
    stack = stack_of(project, gap)
    logins, marks = (known(_logins, stack), known(_marks, gaps)) if stack else ({}, {})
    stores = (logins[place].password.location for place in places_of(gap) if place in logins)
    own = _mark(gap)
    return tuple(dict.fromkeys(mark for place in stores if (mark := marks.get(place, own)) != own))


def stack_of(project: Project, gap: Gap) -> Stack | None:
    """Return the stack that a gap is in."""
    return known(_stacks_by_id, project.stacks).get(_stack_id(gap))


def places_of(gap: Gap) -> tuple[Location, ...]:
    """Return every place of a credential: nothing else is evidence of these rules."""
    return tuple(dict.fromkeys(item.location for item in gap.evidence if item.role != "searched"))


def _own_names(project: Project, gaps: list[Gap]) -> Iterator[str]:
    wanted = [(_stack_id(gap), _natural_name(gap)) for gap in gaps]
    used = {(stack.extends_stack or stack.id, name) for stack in project.stacks for name in known(_interpolated, stack)}
    times = Counter(wanted)
    for gap, place in zip(gaps, wanted, strict=True):
        is_free = times[place] == 1 and place not in used
        yield _variable_of_store(project, gap) or (place[1] if is_free else _with_service(gap, place[1]))


def _marks(gaps: tuple[Gap, ...]) -> dict[Location, str]:
    return {place: _mark(gap) for gap in gaps if gap.code in _OF_LITERALS for place in places_of(gap)}


def _mark(gap: Gap) -> str:
    return f"{gap.code} {gap.resource}"


def _of_accounts(project: Project, gap: Gap, used: set[str]) -> dict[Location, str]:
    """Return the names of further accounts of a store that have the text of the first one, where it is known which of them each
    service takes: a program of one account is not to open the other.
    """
    stack = stack_of(project, gap)
    accounts, logins = (known(_accounts, stack), known(_logins, stack)) if stack else ({}, {})
    places = places_of(gap)
    inside = [accounts[place] for place in places if place in accounts]
    if stack is None or len(inside) < 2 or not all(place in accounts or place in logins for place in places):
        return {}
    kept = known(_interpolated, stack)
    found = {entry.location: entry.name for entry in inside[1:] if entry.name not in kept and entry.name not in used}
    used.update(found.values())
    return found


def _of_clients(project: Project, gap: Gap, names: Names) -> Iterator[tuple[Location, str]]:
    """Yield the variable of the account for each place that logs in to it; what a group of places shares besides follows."""
    stack = stack_of(project, gap)
    if stack is None:
        return
    logins, accounts = known(_logins, stack), known(_accounts, stack)
    targets = {
        place: name
        for place in places_of(gap)
        if (login := logins.get(place)) and (name := login.source or names.get(login.password.location, ""))
    }
    yield from targets.items()
    if len(set(targets.values())) == 1:
        rest = (place for place in places_of(gap) if place not in targets and place not in accounts)
        yield from ((place, next(iter(targets.values()))) for place in rest)


def _logins(stack: Stack) -> dict[Location, SameLogin]:
    return {login.entry.location: login for login in reversed(same_logins(stack))}


def _accounts(stack: Stack) -> dict[Location, EnvValue]:
    return {entry.location: entry for entry in account_entries(stack)}


def _variable_of_store(project: Project, gap: Gap) -> str | None:
    """Return the variable from which the store at the other end of a login takes the same password, where it has one: a name of
    its own would give the two ends of the login two passwords.
    """
    stack = stack_of(project, gap)
    if stack is None:
        return None
    values = (value for place in places_of(gap) for value in known(_values_by_place, stack).get(place, ()))
    logins = {(url_host(value), url_password(value)) for value in values if value}
    if len(logins) != 1 or None in (login := logins.pop()):
        return None
    host, password = login
    store = stack.resolve_host(str(host))
    references = (reference for entry in (store.environment if store else ()) for reference in entry.references)
    names = {
        item.name for item in references if item.has_default and item.argument == password and may_be_sensitive_name(item.name)
    }
    return names.pop() if len(names) == 1 else None


def _values_by_place(stack: Stack) -> dict[Location, list[str | None]]:
    found: dict[Location, list[str | None]] = {}
    for entry in _entries(stack):
        found.setdefault(entry.location, []).append(entry.value)
    return found


def _interpolated(stack: Stack) -> frozenset[str]:
    return frozenset(reference.name for entry in _entries(stack) for reference in entry.references)


def _entries(stack: Stack) -> Iterator[EnvValue]:
    return (entry for service in stack.services for entry in service.environment)


def _stacks_by_id(stacks: tuple[Stack, ...]) -> dict[str, Stack]:
    """Return the first stack with an id, or that adds overlays to the one with it."""
    return {name: stack for stack in reversed(stacks) for name in (stack.id, stack.extends_stack)}


def _stack_id(gap: Gap) -> str:
    return gap.resource.rpartition("/")[0]


def _natural_name(gap: Gap) -> str:
    key = gap.subject.rpartition("/")[2]
    return key if may_be_sensitive_name(key) and re.fullmatch(r"[A-Za-z_]\w*", key) else _with_service(gap, "PASSWORD")


def _with_service(gap: Gap, name: str) -> str:
    service = re.sub(r"\W+", "_", gap.resource.rpartition("/")[2]).upper().strip("_")
    head = f"_{service}" if service[:1].isdigit() else service
    return name if name.startswith(f"{head}_") else f"{head}_{name}"
