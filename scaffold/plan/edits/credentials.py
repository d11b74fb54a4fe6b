"""SEC001, SEC002, SEC007 and CFG005: credentials of compose files become variables that have to be set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from scaffold.model.compose import Stack
from scaffold.model.document import Document, Location, Mapping, Node, Sequence, scalars_in
from scaffold.model.edits import EditTask
from scaffold.model.environment import is_issued
from scaffold.model.gap import Gap
from scaffold.model.guards import guard_defaults, guard_literal, holds_credential_default, scalar_at
from scaffold.model.known import known
from scaffold.model.names import TRIED
from scaffold.model.project import Project
from scaffold.model.secret_names import may_be_sensitive_name
from scaffold.model.secrets import url_host, url_password
from scaffold.plan.ci_compose import workflow_that_would_break
from scaffold.plan.edits.kind import EditKind
from scaffold.plan.environment import development_path

"""Where people start from a fresh clone without a secret at hand: there it stays advice."""


def _plan(project: Project, gaps: tuple[Gap, ...]) -> Iterator[EditTask]:
    taken = _variables_of_literals(project, gaps)
    for gap in gaps:
        stack = _stack_of(project, gap)
        if stack is None or gap.environment in TRIED:
            continue
        documents = _documents(project, gap)
        if any(place.path in project.owned or place.path not in {item.path for item in documents} for place in _places(gap)):
            continue
        task = _task(project, stack, gap, documents, taken)
        if task is not None:
            yield _checked(project, task, gaps)


def _task(project: Project, stack: Stack, gap: Gap, documents: tuple[Document, ...], taken: dict[str, str]) -> EditTask | None:
    template = development_path(project, stack).rpartition("/")[2]
    if gap.code == "CFG005":
        # Whether an administrator may start without a password, people decide.
        return _reference(project, gap, documents, template) if gap.subject.startswith("environment/") else None
    is_default = any(_has_default(documents, place) for place in _places(gap))
    make = _default if is_default and gap.code != "SEC002" else _literal
    return make(stack, gap, documents, template, taken)


def _default(stack: Stack, gap: Gap, documents: tuple[Document, ...], template: str, _: dict[str, str]) -> EditTask | None:
    owner = gap.subject.rpartition("/")[2]
    guards: dict[str, None] = {}
    introduces: list[tuple[str, str, str]] = []
    for place in _places(gap):
        found = guard_defaults(_document(documents, place), place, owner, template)
        if found is None:
            return None
        guards |= dict.fromkeys(found.variables)
        introduces += [(place.path, service, name) for service in _services_at(stack, place) for name in found.variables]
    decided = (("variable", owner), ("template", template))
    return EditTask(
        "guarded-default",
        (gap,),
        documents,
        guards=tuple(guards),
        introduces=tuple(introduces),
        decided=decided,
        removes_secret=True,
    )


def _literal(stack: Stack, gap: Gap, documents: tuple[Document, ...], template: str, taken: dict[str, str]) -> EditTask | None:
    variable = taken.get(gap.fingerprint) or gap.subject.rpartition("/")[2]
    places = _places(gap)
    if not all(guard_literal(_document(documents, place), place, variable, template) for place in places):
        return None
    introduces = tuple((place.path, service, variable) for place in places for service in _services_at(stack, place))
    decided = (("variable", variable), ("template", template))
    return EditTask(
        "guarded-literal",
        (gap,),
        documents,
        guards=(variable,),
        introduces=introduces,
        decided=decided,
        removes_secret=True,
    )


def _reference(project: Project, gap: Gap, documents: tuple[Document, ...], template: str) -> EditTask:
    name = gap.subject.rpartition("/")[2]
    reads = [read for read in project.env_reads if read.name == name]
    # What a provider issues and the code can do without stays optional, and says so.
    optional = is_issued(name) and bool(reads) and not any(read.required for read in reads)
    decided = (("variable", name), ("template", template), ("optional", "yes" if optional else ""))
    return EditTask("guarded-reference", (gap,), documents, guards=() if optional else (name,), decided=decided)


# --- names of new variables -------------------------------------------------------------------------------------------


def _variables_of_literals(project: Project, gaps: tuple[Gap, ...]) -> dict[str, str]:
    """Return the variable for each literal by fingerprint: its key, with the service in front where a stack has two."""
    wanted = {gap.fingerprint: (_stack_id(gap), _natural_name(gap)) for gap in gaps if gap.code in {"SEC002", "SEC007"}}
    used = {(stack.extends_stack or stack.id, name) for stack in project.stacks for name in _interpolated(stack)}
    times = Counter(wanted.values())
    result = {}
    for gap in gaps:
        place = wanted.get(gap.fingerprint)
        if place:
            is_free = times[place] == 1 and place not in used
            own = place[1] if is_free else _with_service(gap, place[1])
            result[gap.fingerprint] = _variable_of_store(project, gap) or own
    return result


def _variable_of_store(project: Project, gap: Gap) -> str | None:
    """Return the variable from which the store at the other end of a login takes the same password, where it has one: a name of
    its own would give the two ends of the login two passwords.
    """
    stack = _stack_of(project, gap)
    if stack is None:
        return None
    values = (value for place in _places(gap) for value in known(_values_by_place, stack).get(place, ()))
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
    for entry in (entry for service in stack.services for entry in service.environment):
        found.setdefault(entry.location, []).append(entry.value)
    return found


def _interpolated(stack: Stack) -> set[str]:
    entries = (entry for service in stack.services for entry in service.environment)
    return {reference.name for entry in entries for reference in entry.references}


def _stack_id(gap: Gap) -> str:
    return gap.resource.rpartition("/")[0]


def _natural_name(gap: Gap) -> str:
    key = gap.subject.rpartition("/")[2]
    return key if may_be_sensitive_name(key) and re.fullmatch(r"[A-Za-z_]\w*", key) else _with_service(gap, "PASSWORD")


def _with_service(gap: Gap, name: str) -> str:
    service = re.sub(r"\W+", "_", gap.resource.rpartition("/")[2]).upper().strip("_")
    head = f"_{service}" if service[:1].isdigit() else service
    return name if name.startswith(f"{head}_") else f"{head}_{name}"


# --- places -----------------------------------------------------------------------------------------------------------


def _stack_of(project: Project, gap: Gap) -> Stack | None:
    return known(_stacks_by_id, project.stacks).get(_stack_id(gap))


def _stacks_by_id(stacks: tuple[Stack, ...]) -> dict[str, Stack]:
    """Return the first stack with an id, or that adds overlays to the one with it."""
    return {name: stack for stack in reversed(stacks) for name in (stack.id, stack.extends_stack)}


def _places(gap: Gap) -> tuple[Location, ...]:
    return tuple(dict.fromkeys(item.location for item in gap.evidence if item.role != "searched"))


def _services_at(stack: Stack, place: Location) -> tuple[str, ...]:
    """Return the services that take what stands at a place: the one it is written in, else all that share its anchor."""
    if place.route[:1] == ("services",) and len(place.route) > 1:
        return (str(place.route[1]),)
    return tuple(service.name for service in stack.services if _holds(service.node, place))


def _holds(node: Node, place: Location) -> bool:
    if node.location == place:
        return True
    if isinstance(node, Mapping):
        return any(_holds(entry.value, place) for entry in node.entries)
    return isinstance(node, Sequence) and any(_holds(item, place) for item in node.items)


def _documents(project: Project, gap: Gap) -> tuple[Document, ...]:
    paths = sorted({place.path for place in _places(gap)})
    return tuple(document for path in paths if (document := project.document(path)))


def _document(documents: tuple[Document, ...], place: Location) -> Document:
    return next(document for document in documents if document.path == place.path)


def _has_default(documents: tuple[Document, ...], place: Location) -> bool:
    scalar = scalar_at(_document(documents, place), place)
    return scalar is not None and any(marker in scalar.raw + scalar.value for marker in (":-", "${"))


def _checked(project: Project, task: EditTask, gaps: tuple[Gap, ...]) -> EditTask:
    """Block a task after which a workflow would no longer start the stack, or a default of another file would stand alone."""
    other = _other_default(project, task, gaps) if task.kind == "guarded-default" else ""
    if other:
        return replace(task, blocked=f"{other} has a default of its own for the same credential: change both by hand")
    paths = [document.path for document in task.documents]
    broken = workflow_that_would_break(project, paths, task.guards)
    if not broken:
        return task
    path, names = broken
    return replace(task, blocked=f"{path} runs Compose without {', '.join(names)}, and would fail: set it there first")


def _other_default(project: Project, task: EditTask, gaps: tuple[Gap, ...]) -> str:
    """Return the file of a stack that shares one with the task and holds a default that no gap names, "" where none does."""
    paths = {document.path for document in task.documents}
    for stack in project.stacks:
        if paths & set(stack.files) and not set(stack.files) <= paths:
            named = known(_named, gaps)
            for place in known(_places_of_defaults, stack):
                if place.path not in paths and place not in named:
                    return place.path
    return ""


def _named(gaps: tuple[Gap, ...]) -> frozenset[Location]:
    return frozenset(item.location for gap in gaps for item in gap.evidence)


def _places_of_defaults(stack: Stack) -> tuple[Location, ...]:
    scalars = (scalar for service in stack.services for scalar in scalars_in(service.node))
    return tuple(dict.fromkeys(scalar.location for scalar in scalars if holds_credential_default(scalar.raw)))


KIND = EditKind(frozenset({"SEC001", "SEC002", "SEC007", "CFG005"}), _plan)
